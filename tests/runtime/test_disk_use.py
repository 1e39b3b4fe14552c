"""What of a Pod counts as stored. Source: kubernetes pkg/kubelet/stats/cri_stats_provider.go, pkg/kubelet/eviction/helpers.go."""

from cluster.runtime import disk_use
from cluster.runtime.filesystem import Node, Volume
from cluster.runtime.state import Container, Log, Process, RuntimeState


def container(number: str, name: str, state: str) -> Container:
    return Container(id=number, name=name, uid="u", pod="default/web", sandbox="s", attempt=0, image="i", image_ref="i", state=state, created_ms=0)


def node() -> RuntimeState:
    """One Pod: a container in its second life, an init container that has ended, a folder on the disk and one in memory."""
    mine = [container("setup", "setup", "exited"), container("app-0", "app", "exited"), container("app-1", "app", "running")]
    state = RuntimeState(containers={each.id: each for each in mine}, by_pod={"u": [each.id for each in mine]}, log_bytes=50)
    state.processes["app-1"] = Process(container="app-1", kind="sleep", argv=[], files={"/f": Node(text="x" * 5)})
    state.logs |= {"setup": Log(file_bytes=1000), "app-0": Log(file_bytes=20), "app-1": Log(file_bytes=300)}
    for name, medium in (("disk", ""), ("memory", "Memory")):
        state.volumes[f"u/{name}"] = Volume(kind="emptyDir", medium=medium, nodes={"/f": Node(text="x" * 7)})
    return state


def test_a_container_that_runs_counts_with_the_logs_of_those_before_it_and_no_log_beyond_what_is_kept():
    assert disk_use.by_container(node(), "u") == {"app": 5 + 20 + 50}


def test_a_pod_stores_what_its_running_containers_and_its_folders_on_the_disk_do():
    assert disk_use.stored_bytes(node(), "u") == 5 + 20 + 50 + 7
    assert disk_use.stored_bytes(node(), "another") == 0


def test_the_disk_holds_logs_of_ended_containers_as_well():
    assert disk_use.taken_bytes(node()) == 5 + 50 + 20 + 50 + 7


def test_a_limit_of_the_pod_or_of_a_container_is_exceeded_by_the_same_figures():
    state = node()
    assert not disk_use.is_over(state, "app-1")
    state.disk_limits["u"] = 81
    assert disk_use.is_over(state, "app-1")
    state.disk_limits["u"], state.processes["app-1"].disk_limit = 82, 75
    assert not disk_use.is_over(state, "app-1")
    state.processes["app-1"].disk_limit = 74
    assert disk_use.is_over(state, "app-1")
