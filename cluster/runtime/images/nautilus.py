"""nautilus: agnhost's test-webserver with a picture's name in data.json, of Kubernetes' own tests of updates.

Source: kubernetes test/images/nautilus.
"""

from dataclasses import replace

from cluster.runtime.images.agnhost import IMAGE as AGNHOST

IMAGE = replace(
    AGNHOST,
    repositories=("registry.k8s.io/e2e-test-images/nautilus",),
    command=("/agnhost", "test-webserver"),
    files={**AGNHOST.files, "/data.json": '{\n  "image": "nautilus.jpg"\n}\n'},
)
