"""The Django project: pages, the control API, the Kubernetes endpoint and the set-up; all network I/O."""
