"""nonroot: a shell whose user is 1234.

Source: kubernetes test/images/nonroot.
"""

from cluster.runtime.image import Image

IMAGE = Image(
    repositories=("registry.k8s.io/e2e-test-images/nonroot",),
    size_bytes=0,
    command=("bash",),
    exit_codes={},
    user=1234,
)
