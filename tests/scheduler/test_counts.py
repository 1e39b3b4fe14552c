"""Counts that are kept up to date are those of a recount."""

import random

from cluster.meta import labels
from cluster.scheduler import cache as cache_module
from cluster.scheduler.cache import Cache
from cluster.scheduler.framework import Cycle
from cluster.scheduler.plugins.volume_restrictions import users_of
from cluster.scheduler.pods import PodInfo

ZONE, WEB = "zone", labels.from_labels({"app": "web"})
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
AWAY = {"podAntiAffinity": {REQUIRED: [{"topologyKey": ZONE, "labelSelector": {"matchLabels": {"app": "web"}}}]}}


def node(name, zone):
    return {"metadata": {"name": name, "labels": {"zone": zone} if zone else {}}, "spec": {}, "status": {}}


def pod(name, app, *, is_going=False, affinity=None):
    meta = {"name": name, "namespace": "default", "uid": name, "labels": {"app": app}, **({"deletionTimestamp": "x"} if is_going else {})}
    return PodInfo({"metadata": meta, "spec": {"containers": [{"name": "c"}], **({"affinity": affinity} if affinity else {})}})


def recount(cache, is_counted):
    found = {one.labels[ZONE]: 0 for one in cache.nodes if ZONE in one.labels}
    for one in cache.nodes:
        if ZONE in one.labels:
            found[one.labels[ZONE]] += sum(is_counted(info) for info in one.pods.values())
    return found


def test_counts_by_domain_follow_pods_nodes_and_labels():
    chance, cache = random.Random(1), Cache()
    for step in range(400):
        what, name, key = chance.choice(("node", "node", "pod", "pod", "pod", "gone", "lost")), f"n{chance.randrange(5)}", f"p{chance.randrange(12)}"
        if what == "node":
            cache.set_node(node(name, chance.choice(("a", "b", ""))))
        elif what == "lost":
            cache.remove_node(name)
        elif what == "gone":
            cache.remove_pod(f"default/{key}")
        else:  # also to a node of which nothing is known yet
            cache.add_pod(pod(key, chance.choice(("web", "db")), is_going=step % 5 == 0, affinity=AWAY if step % 3 == 0 else None), name)
        staying = cache.matching("default", WEB).by_value(ZONE, cache.by_name)
        assert staying == recount(cache, lambda info: info.labels["app"] == "web" and not info.terminating)
        every = cache.matching_in(None, WEB).by_value(ZONE, cache.by_name)
        assert every == recount(cache, lambda info: info.labels["app"] == "web")
        for tally in cache.shunned.values():
            assert tally.by_value(ZONE, cache.by_name) == recount(cache, lambda info: info.affinity is not None)
        assert list(cache.label(ZONE).values) == list(dict.fromkeys(one.labels[ZONE] for one in cache.nodes if ZONE in one.labels))


def test_nothing_is_left_of_terms_that_nobody_has():
    cache = Cache()
    cache.set_node(node("n0", "a"))
    cache.add_pod(pod("p0", "web", affinity=AWAY), "n0")
    assert [tally.by_node for tally in cache.shunned.values()] == [{"n0": 1}]
    cache.remove_pod("default/p0")
    assert not cache.shunned and not cache.wishes


def test_who_uses_a_claim_is_known_while_the_pod_is_on_a_node_that_is_there():
    def using(name):
        meta = {"name": name, "namespace": "default", "uid": name}
        volumes = [{"name": each, "persistentVolumeClaim": {"claimName": "data"}} for each in ("v", "w")]
        return PodInfo({"metadata": meta, "spec": {"containers": [{"name": "c"}], "volumes": volumes}})

    cache = Cache()
    cache.set_node(node("n0", "a"))
    for name, where in (("p0", "n0"), ("p1", "n0"), ("p2", "n9")):
        cache.add_pod(using(name), where)
    assert users_of(Cycle(using("p1"), cache), ["data"]) == ["default/p0"]
    cache.add_pod(using("p0"), "n9")  # a node of which nothing is known
    assert users_of(Cycle(using("p1"), cache), ["data"]) == []
    for name in ("p0", "p1", "p2"):
        cache.remove_pod(f"default/{name}")
    assert cache.users == {}


def test_a_selector_is_counted_once_however_often_it_is_written_and_anew_once_it_was_dropped(monkeypatch):
    monkeypatch.setattr(cache_module, "COUNTERS", 2)
    cache = Cache()
    cache.set_node(node("n", "a"))
    first, again = (labels.from_labels({"app": "web"}) for _ in range(2))
    counter = cache.matching("default", first)
    assert cache.matching("default", again) is counter and cache.matching("other", first) is not counter
    for app in ("db", "cache"):
        cache.matching("default", labels.from_labels({"app": app}))
    cache.add_pod(pod("p", "web"), "n")
    assert cache.matching("default", first) is not counter and cache.matching("default", first).by_node == {"n": 1} and not counter.by_node
    assert len(cache.counters) == 2


def test_an_images_size_does_not_depend_on_which_node_was_heard_of_first():
    chance, kept = random.Random(2), Cache()
    for _ in range(200):
        name = f"n{chance.randrange(4)}"
        if chance.random() < 0.3:
            kept.remove_node(name)
        else:
            images = [{"names": ["app:1"], "sizeBytes": chance.randrange(1, 9)}] if chance.random() < 0.8 else []
            kept.set_node({**node(name, "a"), "status": {"images": images}})
        anew = Cache()
        for one in reversed([info.node for info in kept.nodes if info.node]):
            anew.set_node(one)
        told = [{name: (image.size, len(image.nodes)) for name, image in cache.images.items()} for cache in (kept, anew)]
        assert told[0] == told[1]
