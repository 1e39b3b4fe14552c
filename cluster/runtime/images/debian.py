"""debian, ubuntu and their like: a shell and the usual tools; with no terminal their shell ends at once."""

from cluster.runtime.image import Image

IMAGE = Image(
    repositories=(
        "docker.io/library/debian",
        "docker.io/library/ubuntu",
        "docker.io/library/fedora",
        "docker.io/library/centos",
        "docker.io/library/rockylinux",
        "docker.io/library/almalinux",
        "docker.io/library/amazonlinux",
        "docker.io/library/bash",
        "registry.k8s.io/e2e-test-images/jessie-dnsutils",
        "registry.k8s.io/build-image/debian-base",
    ),
    size_bytes=0,
    command=("/bin/sh",),
    exit_codes={},
)
