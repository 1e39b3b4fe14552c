"""The profiles from which sandboxes are made: what each sets of Settings. Plain data, so that commands can list them fast."""

PROFILES = {
    "learner": {},
    "oracle": {"node_cpu": "2", "node_memory": "24684084Ki", "rbac": True, "services": False},
    "empty": {"nodes": [], "services": False, "leases": False},
}
