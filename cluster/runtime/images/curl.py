"""curlimages/curl: one tool; its arguments are curl's."""

from cluster.runtime.image import Image

IMAGE = Image(
    repositories=("docker.io/curlimages/curl",),
    size_bytes=9 << 20,
    entrypoint=(),
    command=("curl", "--help"),
    dashed="curl",
    exit_codes={},
)
