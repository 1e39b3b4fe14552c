"""How kubectl words what went wrong, on standard error.

Source: k8s.io/kubectl pkg/cmd/util/helpers.go.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.meta.gotext import quote
from cluster.meta.requests import Response


@dataclass(frozen=True)
class Failure:
    """One error. status: the server's Status, if it was the server that refused. bare: printed without `error: `."""

    message: str
    status: dict | None = None
    bare: bool = False

    @property
    def line(self) -> str:
        """As one of several."""
        if self.status is None:
            return self.message
        reason = self.status.get("reason")
        return f"Error from server ({reason}): {self.message}" if reason else f"Error from server: {self.message}"


def refused(response: Response, verb: str = "", source: str = "", *, server: str = "") -> Failure:
    """The failure of a request; `error when <verb> "<source>"` where a file is behind it."""
    status = response.body if isinstance(response.body, dict) else {"message": str(response.body)}
    if response.is_unheard:
        host = server.partition("//")[2] or server
        return Failure(
            f"The connection to the server {host} was refused - did you specify the right host or port?", bare=True
        )
    message = status.get("message", "")
    return Failure(f"error when {verb} {quote(source)}: {message}" if source else message, status)


def report(failures: list[Failure], undecoded: list[Failure]) -> str:
    """Everything that went wrong, as it is printed.

    undecoded: what was wrong with the files themselves; beside other failures they come last, as one.
    """
    if not failures and len(undecoded) > 1:
        return "\n".join(failure.line for failure in undecoded)
    listed = list(failures)
    if len(undecoded) > 1:
        listed.append(Failure("[" + ", ".join(failure.line for failure in undecoded) + "]"))
    else:
        listed += undecoded
    return single(listed[0]) if len(listed) == 1 else "\n".join(failure.line for failure in listed)


def single(failure: Failure) -> str:
    """The only error of a command."""
    if failure.status is None:
        return failure.message if failure.bare or failure.message.startswith("error: ") else f"error: {failure.message}"
    if failure.status.get("reason") == "Unauthorized":
        return f"error: You must be logged in to the server ({failure.message})"
    return _invalid(failure.status) if failure.status.get("reason") == "Invalid" else failure.line


def _invalid(status: dict) -> str:
    """A refusal by validation: the object, and each complaint once."""
    details = status.get("details")
    if not details:
        return "The request is invalid" + (f": {status['message']}" if status.get("message") else "")
    text = "The request is invalid"
    causes = list(
        dict.fromkeys(f"{cause.get('field', '')}: {cause.get('message', '')}" for cause in details.get("causes") or ())
    )
    if details.get("kind") or details.get("name"):
        text = f"The {details.get('kind', '')} {quote(details.get('name', ''))} is invalid"
    elif status.get("message") and not causes:
        text += f": {status['message']}"
    if not causes:
        return text
    return f"{text}: {causes[0]}" if len(causes) == 1 else "\n".join([f"{text}: ", *(f"* {cause}" for cause in causes)])
