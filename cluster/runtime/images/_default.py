"""Every other image: what it holds is unknown, so it runs until it is stopped. Size: see registry.py.

A simplification: a real image may well end by itself. SIGTERM ends it with 143, as a program without a handler does
under a shell or an init; `sh`, `sleep` and the other small tools work as in busybox.
"""

from cluster.runtime.image import Image

IMAGE = Image(
    size_bytes=0,
    command=("/entrypoint",),
    exit_codes={"TERM": 143, "INT": 130, "QUIT": 131, "HUP": 129},
)
