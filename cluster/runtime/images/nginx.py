"""nginx: serves until told to stop; SIGTERM and SIGQUIT both end it with 0.

Source: the recordings' nginx/nginx:v1 (sizes and ids are that image's).
"""

from cluster.runtime.image import Image

IMAGE = Image(
    names=("docker.io/nginx/nginx:v1",),
    repositories=("docker.io/library/nginx",),
    size_bytes=1_037_429,
    id="sha256:a21a9becf3ec39fea15193080bbc111394991802c8e9c5b1ca72d22c972994ae",
    command=("nginx", "-g", "daemon off;"),
    exit_codes={"TERM": 0, "QUIT": 0, "INT": 0},
    stop_signal="QUIT",
)
