"""pause: holds a Pod's namespaces and does nothing else."""

from cluster.runtime.image import Image

IMAGE = Image(
    names=("registry.k8s.io/pause:3.10.1",),
    repositories=("registry.k8s.io/pause", "k8s.gcr.io/pause", "gcr.io/google_containers/pause", "registry.k8s.io/e2e-test-images/pause"),
    size_bytes=305_633,
    id="sha256:873ed75102791e5b0b8a7fcd41606c92fcec98d56d05ead4ac5131650004c136",
    command=("/pause",),
    exit_codes={"TERM": 0, "INT": 0},
    shell=False,
)
