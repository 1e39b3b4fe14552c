"""alpine: busybox's shell and tools, without busybox's name; with no terminal its shell ends at once."""

from cluster.runtime.image import Image

RELEASE = (
    'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n'
    'HOME_URL="https://alpinelinux.org/"\nBUG_REPORT_URL="https://gitlab.alpinelinux.org/alpine/aports/-/issues"\n'
)

IMAGE = Image(
    repositories=("docker.io/library/alpine", "docker.io/nicolaka/netshoot"),
    size_bytes=0,
    command=("/bin/sh",),
    exit_codes={},
    lacks=("curl", "bash", "dash", "dig"),
    prompt_shows_folder=True,
    files={"/etc/os-release": RELEASE},
)
