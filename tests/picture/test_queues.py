"""A controller's queue as the page shows it, and what it compared."""

from cluster.controllers.manager import controller_classes
from cluster.picture.queues import COMPARISONS_KEPT, ORDER, QueuePictures

NAME = "replicaset-controller"


def test_a_key_waits_until_a_worker_takes_it():
    queues = QueuePictures((NAME,))
    queues.enqueued(NAME, "replicasets/default/a", 1)
    ((_, _, cell),) = queues.enqueued(NAME, "replicasets/default/b", 2)
    assert (cell["queue"], cell["waiting"]) == (2, ["replicasets/default/a", "replicasets/default/b"])
    ((_, _, cell),) = queues.started(NAME, "replicasets/default/a", 1, seq=9)
    assert (cell["queue"], cell["waiting"], cell["worked_seq"]) == (1, ["replicasets/default/b"], 9)


def test_of_a_long_queue_the_first_keys_are_named_and_all_are_counted():
    queues = QueuePictures((NAME,))
    for index in range(300):
        ((_, _, cell),) = queues.enqueued(NAME, f"replicasets/default/{index}", index + 1)
    assert (cell["queue"], len(cell["waiting"])) == (300, 8)


def test_the_latest_comparisons_are_kept_newest_first():
    queues = QueuePictures(())
    for index in range(COMPARISONS_KEPT + 2):
        (_, _, cell), (_, _, rows) = queues.compared(NAME, index, index, "replicasets/default/a", wanted=3, found=index, so="wait")
    assert [each["found"] for each in rows] == [6, 5, 4, 3, 2]
    assert cell["last"] == rows[0] and rows[0]["so"] == {"en": "wait", "zh": "等待"}


def test_the_same_result_again_moves_up_instead_of_pushing_others_out():
    queues = QueuePictures(())
    for at_ms, found in enumerate((3, 2, 3)):
        _, (_, _, rows) = queues.compared(NAME, 0, at_ms, "replicasets/default/a", wanted=3, found=found, so="wait")
    assert [(each["found"], each["at_ms"]) for each in rows] == [(3, 2), (2, 1)]


def test_a_stopped_process_forgets_what_waited():
    queues = QueuePictures((NAME, "job-controller"))
    queues.enqueued(NAME, "replicasets/default/a", 1)
    assert [(key, cell["queue"], cell["waiting"]) for _, key, cell in queues.stopped()] == [(NAME, 0, [])]


def test_controllers_have_a_fixed_order_and_each_of_it_exists():
    assert set(ORDER) <= {each.NAME for each in controller_classes()}
    ranks = [QueuePictures((name,)).cells[name]["rank"] for name in ("deployment-controller", NAME, "ttl-controller")]
    assert ranks == sorted(ranks) and ranks[-1] == 99
