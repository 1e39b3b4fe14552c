"""The control plane's cells: what a component that is switched off looks like, and who holds which Lease."""

from cluster.picture.control import ControlPictures


def cells(changed: list[list]) -> dict:
    return {(collection, name): value for collection, name, value in changed}


def test_an_api_server_that_is_off_has_no_request_and_idle_gates():
    pictures = ControlPictures()
    pictures.gate("authz", "now")
    changed = cells(pictures.switched("kube-apiserver", 900))
    assert changed["components", "kube-apiserver"] == {"off": True, "since_ms": 900, "request": None, "cache_revision": 0}
    assert {value["state"] for (collection, _), value in changed.items() if collection == "gates"} == {"idle"}
    assert not cells(pictures.switched("kube-apiserver", None))["components", "kube-apiserver"]["off"]


def test_an_etcd_that_is_off_keeps_its_keys():
    pictures = ControlPictures()
    pictures.written(7, "pods/default/web", "pods/default/web", quiet=False)
    (etcd,) = cells(pictures.switched("etcd", 5)).values()
    assert etcd["off"] and etcd["revision"] == 7 and len(etcd["rows"]) == 1


def test_a_process_keeps_its_lease_in_the_picture_until_it_is_off():
    pictures = ControlPictures()
    lease = {"state": "holds", "holder": "vm_1"}
    pictures.process("kube-scheduler", lease=lease)
    assert cells(pictures.process("kube-scheduler", lines=[]))["components", "kube-scheduler"]["lease"] == lease
    assert cells(pictures.switched("kube-scheduler", 3))["components", "kube-scheduler"] == {"off": True, "since_ms": 3, "lines": [], "lease": None}
