"""busybox: runs the command line that the Pod gives it; with none it starts a shell that ends at once (no terminal).

Source: the recordings' busybox:1 (Debian's static busybox 1.35; sizes and ids are that image's).
"""

from cluster.runtime.image import NOT_IN_BUSYBOX, Image

IMAGE = Image(
    names=("docker.io/library/busybox:1",),
    repositories=(
        "docker.io/library/busybox",
        "registry.k8s.io/e2e-test-images/busybox",
        "registry.k8s.io/busybox",
        "gcr.io/google_containers/busybox",
        "gcr.io/google-containers/busybox",
    ),
    size_bytes=1_036_836,
    id="sha256:abe0df638b51bfcc779147370bcc72be23aa5515a4e69c6f1542bcbb86582680",
    command=("sh",),
    exit_codes={},
    lacks=NOT_IN_BUSYBOX,
    prompt_shows_folder=True,
)
