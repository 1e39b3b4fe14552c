"""Set-up: from a bare Python to a running Podlife. Standard library only, for it runs before anything is installed."""
