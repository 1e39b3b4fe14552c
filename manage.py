#!/usr/bin/env python3
"""Podlife's one command. `python3 manage.py up` makes everything ready and serves; `--help` lists the rest.

Kept to a syntax that every Python reads, so that one which is too old can say so.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Podlife needs Python 3.11 or newer, and this is Python %d.%d: run manage.py with a newer one, "
        "for example python3.11 manage.py up." % sys.version_info[:2]
    )

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ("kubeconfig", "sandbox", "control", "fault", "registry", "git"):
        from webui.remote import main  # talks to a running server; any Python can, at once
    else:
        from webui.setup.main import main
    sys.exit(main(sys.argv[1:]))
