"""The options of `manage.py up`."""

import argparse

from webui.setup import paths


def parse(arguments: list[str]) -> argparse.Namespace:
    """bind, port, data (a Path) and open, as given or by default."""
    parser = argparse.ArgumentParser(
        prog="manage.py up",
        description="Make everything ready (the first time about a minute, later nothing), then serve until Ctrl-C.",
    )
    parser.add_argument(
        "--bind",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to serve at (default: 127.0.0.1, this machine only; 0.0.0.0: the whole network)",
    )
    parser.add_argument("--port", type=_port, default=8000, help="port to serve at (default: 8000; 0: any free one)")
    parser.add_argument(
        "--data", metavar="DIR", help="folder of the database (default: $PODLIFE_DATA, else `data` beside manage.py)"
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser when it is ready")
    chosen = parser.parse_args(arguments)
    chosen.data = paths.data_dir(chosen.data)
    return chosen


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not a port: choose one from 1 to 65535")
    return port
