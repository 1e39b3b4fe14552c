"""Playbook: a machine is restarted. Sources: containerd internal/cri/server/restart.go, kubernetes pkg/kubelet/nodestatus/setters.go."""

from tests.kubelet.world import World

VOLUMES = [{"name": "disk", "emptyDir": {}}, {"name": "memory", "emptyDir": {"medium": "Memory"}}]
MOUNTS = {"volumeMounts": [{"name": each["name"], "mountPath": f"/{each['name']}"} for each in VOLUMES]}
SCRIPT = "for f in disk memory; do cat /$f/x 2>/dev/null || echo new; echo old > /$f/x; done; sleep 1000"


def test_after_a_restart_of_the_machine_its_pods_have_new_sandboxes_and_what_was_on_the_disk():
    world = World()
    world.create("web", ["sh", "-c", SCRIPT], container=MOUNTS, volumes=VOLUMES)
    world.create("once", ["sleep", "1000"], restartPolicy="Never")
    world.run(4_000)
    before = world.pod("web")["status"]
    boot = world.store.get("/registry/minions/k8snode1").value["status"]["nodeInfo"]["bootID"]
    world.node.reboot()
    assert not world.node.kubelet.is_on
    world.run(30_000)
    state, status = world.state("web"), world.pod("web")["status"]
    ended = state["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"], state["restartCount"], state["ready"]) == (255, "Unknown", 1, True)
    assert status["podIP"] != before["podIP"] and "SandboxChanged" in [event[0] for event in world.events("web")]
    assert world.node.logs("default", "web", "app", {}) == "old\nnew\n"
    assert world.pod("once")["status"]["phase"] == "Failed"
    now = world.store.get("/registry/minions/k8snode1").value["status"]["nodeInfo"]["bootID"]
    assert now != boot and ("Rebooted", f"Node k8snode1 has been rebooted, boot id: {now}", 1) in world.events("k8snode1")
