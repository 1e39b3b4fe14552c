"""Owns the message that a container leaves behind: its termination-log, or the end of its log.

Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go (getTerminationMessage, readLastStringFromContainerLogs),
pkg/kubelet/container/container_gc.go (the limits); containerd internal/cri/io/logger.go (a last line without an end is a part of one).
"""

from __future__ import annotations

from .octets import bytes_of, text_of
from .state import Container, Log
from .world import ContainerWorld

MOST_MESSAGE, MOST_LOG, MOST_LINES = 4096, 2048, 80  # bytes, bytes, lines


def last_words(container: Container, world: ContainerWorld, log: Log | None, exit_code: int) -> str:
    """The message of a container that has just ended, "" when it left none."""
    text = world.read_file(container.message_path) if container.message_path else None
    message = _end(text or "", MOST_MESSAGE)
    if message or not container.message_from_logs or not exit_code or log is None:
        return message
    text = "".join(line[2] + "\n" for line in log.lines[-MOST_LINES:])
    return _end(text[:-1] if log.is_open else text, MOST_LOG)


def _end(text: str, most: int) -> str:
    """The last bytes of a text."""
    return text if len(text) * 4 <= most else text_of(bytes_of(text)[-most:])
