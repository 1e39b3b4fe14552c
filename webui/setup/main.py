"""The front door of manage.py: makes ready what a command needs, then runs it with `.venv`'s own Python."""

import os
import signal
import sys

from webui.setup import paths
from webui.setup.problems import Problem, of_os_error

HELP = """\
Podlife: a Kubernetes that you can see through.

  python3 manage.py up            make everything ready, then serve the page until Ctrl-C
  python3 manage.py test          run every test (arguments go to pytest: -k NAME, tests/engine, -m "not browser")

With a server up, from another shell:
  python3 manage.py kubeconfig    print a kubeconfig, so that kubectl can talk to the sandbox
  python3 manage.py sandbox       create, list, delete or reset sandboxes (simulated clusters)
  python3 manage.py control       hold, run, step, settle, jump or change the speed of a sandbox
  python3 manage.py fault         break something in a sandbox: stop a kubelet, kill a container, ...
  python3 manage.py registry      push an image, remove one, slow the registry down, break it, mend it
  python3 manage.py git           push commits to a repository that Pods pull from (git-sync)

Without a server:
  python3 manage.py simulate      apply manifests to a fresh cluster, run it at once, print what became of them
  python3 manage.py bench         measure how fast simulation, API server, store and worker are

Each command explains itself: python3 manage.py up --help. Django's own commands work too: manage.py help
The first run makes .venv beside manage.py; nothing is installed anywhere else.
"""
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Run one command line; failures become one sentence on standard error and a non-zero code."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if command in ("-h", "--help"):
        print(HELP, end="")
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if paths.is_made() and not paths.in_venv():  # nothing to make: go on there at once
            return _go_on_in_venv([paths.MANAGE, *arguments])
        return {"up": up, "test": test}.get(command, other)(rest if command in ("up", "test") else arguments)
    except KeyboardInterrupt:
        print("\nStopped before it was ready; the same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    except Problem as problem:
        print(f"podlife: {problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"podlife: {of_os_error(error, 'Set-up')}", file=sys.stderr)
        return 1


def _interrupt(signum, frame) -> None:
    raise KeyboardInterrupt


def up(arguments: list[str]) -> int:
    """Serve: environment, front end, then the server itself in `.venv`'s Python."""
    from webui.setup import environment, frontend, options, ports

    chosen = options.parse(arguments)
    ports.check_free(chosen.bind, chosen.port)
    environment.ensure()
    frontend.ensure()
    if not paths.in_venv():
        return _go_on_in_venv([paths.MANAGE, "up", *arguments])
    from webui import launch  # only from here on are the installed packages there

    return launch.up(chosen.bind, chosen.port, chosen.data, chosen.open)


def test(arguments: list[str]) -> int:
    """Run pytest with the test packages and a built front end; its exit code is passed on."""
    from webui.setup import environment, frontend, suite

    environment.ensure(environment.TEST)
    frontend.ensure()
    os.chdir(paths.ROOT)
    paths.keep_bytecode()
    made = suite.runs(arguments, suite.cores())
    return _go_on_in_venv(["-m", "pytest", *made[0][0]]) if made == [[arguments]] else suite.run_all(made)


def other(arguments: list[str]) -> int:
    """Any other command is Django's to find: in cluster/management/commands or its own."""
    from webui.setup import environment

    environment.ensure()
    if not paths.in_venv():
        return _go_on_in_venv([paths.MANAGE, *arguments])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "SIGPIPE"):  # `manage.py simulate … | head` ends quietly, as every command of a shell does
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line([str(paths.MANAGE), *arguments])
    return 0


def _go_on_in_venv(arguments: list) -> int:
    paths.keep_bytecode()
    command = [str(paths.venv_python()), *map(str, arguments)]
    if os.name == "nt":  # exec there returns to the shell at once
        import subprocess

        return subprocess.call(command)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)
