"""How fast Podlife is: each file here with a `run` is one benchmark; `python3 manage.py bench` finds and runs them."""
