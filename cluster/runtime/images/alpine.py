"""alpine: busybox's shell and tools, without busybox's name; with no terminal its shell ends at once."""

from cluster.runtime.image import Image

IMAGE = Image(
    repositories=("docker.io/library/alpine", "docker.io/nicolaka/netshoot"),
    size_bytes=0,
    command=("/bin/sh",),
    exit_codes={},
    prompt_shows_folder=True,
)
