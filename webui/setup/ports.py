"""Whether an address and port can be served at, found out before anything slow is done."""

import errno
import socket

from webui.setup.problems import Problem


def check_free(bind: str, port: int) -> None:
    """Raises Problem when nothing can listen there: taken, not this machine's, or not allowed."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise Problem(f"--bind {bind} is no address of this machine ({error.strerror}).") from error
    try:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        raise of_listen_error(error, bind, port) from error


def of_listen_error(error: OSError, bind: str, port: int) -> Problem:
    """Why the system refuses to listen at this address, in a sentence."""
    if error.errno == errno.EADDRINUSE:
        return Problem(
            f"Port {port} at {bind} is taken by another program: end it, or choose another port, "
            f"for example --port {port + 1 if port < 65535 else 8000}."
        )
    if error.errno == errno.EACCES:
        return Problem(f"Port {port} needs more rights than you have: choose one above 1023, for example --port 8000.")
    if error.errno == errno.EADDRNOTAVAIL:
        return Problem(f"--bind {bind} is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all of them.")
    return Problem(f"Nothing can listen at {bind} port {port}: {error.strerror or error}.")
