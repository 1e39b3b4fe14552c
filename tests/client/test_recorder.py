"""The recorder counts, combines and throttles as client-go's correlator does."""

from types import SimpleNamespace

import pytest

from cluster.client.recorder import EventsV1Recorder, Recorder, reference_to
from cluster.engine.clock import Clock
from cluster.engine.plain import freeze, thaw
from cluster.meta.requests import UNHEARD, Response

POD = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "7"},
}


class Server:
    """An API server that keeps Events by name; also the actor and the client that the recorder needs."""

    def __init__(self):
        self.engine = SimpleNamespace(clock=Clock(), in_background=False)
        self.now_ms, self.calls, self.events, self.waiting, self.forgetful, self.held = 0, [], {}, [], False, False
        self.parts, self.timers = {}, []

    def attach(self, name, part):
        self.parts[name] = part

    def latency(self, name):
        return 1

    def write_ms(self, later_ms):
        return later_ms + 2

    def after(self, delay_ms, handler, argument, background=False):
        """What comes to the server is due at once; what is sent again waits in `timers`."""
        if background:
            self.timers.append((delay_ms, handler, argument))
            return
        self.waiting.append((handler, argument))
        if not self.held and len(self.waiting) == 1:
            self.flush()

    def flush(self):
        while self.waiting:
            self.call(*self.waiting[0])
            del self.waiting[0]

    def call(self, handler, argument):
        if handler == "wake":
            self.parts[argument].wake()
        else:
            assert handler == "send_event"
            self.parts["recorder"].send(argument)

    def ring(self):
        """The first timer runs out."""
        self.call(*self.timers.pop(0)[1:])

    def create(self, resource, body, namespace=""):
        return SimpleNamespace(
            verb="create", resource=resource, body=body, name=body["metadata"]["name"], namespace=namespace
        )

    def patch(self, resource, name, body, namespace="", patch_type="strategic"):
        return SimpleNamespace(verb="patch", resource=resource, body=body, name=name, namespace=namespace)

    def note(self, event):
        resource = "events" if event["apiVersion"] == "v1" else "events.events.k8s.io"
        return self.at_once(self.create(resource, event, namespace=event["metadata"]["namespace"]))

    def at_once(self, call):
        self.calls.append(call)
        if call.verb == "create":
            self.events[call.name] = call.body
        elif self.forgetful or call.name not in self.events:
            return Response(code=404, body={"reason": "NotFound"})
        else:
            self.events[call.name] = {**self.events[call.name], **call.body}
        return Response(code=200, body=self.events[call.name])


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def recorder(server):
    return Recorder(server, server, component="kubelet", host="k8snode1")


def test_an_event_says_who_saw_what(server, recorder):
    recorder.event(POD, "Normal", "Pulled", "here", field_path="spec.containers{app}")
    [call] = server.calls
    assert (call.resource, call.namespace) == ("events", "shop")
    assert call.body["involvedObject"] == {
        "kind": "Pod",
        "namespace": "shop",
        "name": "web",
        "uid": "u-1",
        "apiVersion": "v1",
        "resourceVersion": "7",
        "fieldPath": "spec.containers{app}",
    }
    assert call.body["source"] == {"component": "kubelet", "host": "k8snode1"}
    assert (call.body["reportingComponent"], call.body["reportingInstance"]) == ("kubelet", "k8snode1")
    assert call.body["count"] == 1 and call.body["eventTime"] is None
    assert call.body["firstTimestamp"] == call.body["lastTimestamp"]
    name, _, digits = call.name.rpartition(".")
    assert name == "web" and len(digits) == 16 and int(digits, 16)


def test_a_cluster_scoped_object_is_reported_in_the_default_namespace(server, recorder):
    recorder.event({"kind": "Node", "name": "k8snode1", "uid": "k8snode1"}, "Normal", "Starting", "up")
    assert server.calls[0].namespace == "default"
    assert server.calls[0].body["involvedObject"] == {"kind": "Node", "name": "k8snode1", "uid": "k8snode1"}


def test_a_repeat_is_a_patch_of_count_and_time(server, recorder):
    recorder.event(POD, "Normal", "Pulled", "here")
    server.now_ms = 2_000
    recorder.event(POD, "Normal", "Pulled", "here")
    first, second = server.calls
    assert (second.verb, second.name) == ("patch", first.name)
    assert second.body["count"] == 2 and second.body["lastTimestamp"] > first.body["lastTimestamp"]
    assert second.body["message"] == "here" and set(second.body) == {"count", "lastTimestamp", "message"}


def test_a_repeat_of_an_expired_event_is_created_again_with_its_count(server, recorder):
    recorder.event(POD, "Normal", "Pulled", "here")
    server.forgetful = True
    recorder.event(POD, "Normal", "Pulled", "here")
    assert [call.verb for call in server.calls] == ["create", "patch", "create"]
    assert server.calls[2].body["count"] == 2 and "resourceVersion" not in server.calls[2].body["metadata"]


def test_another_field_or_message_is_another_event(server, recorder):
    recorder.event(POD, "Normal", "Pulled", "here", field_path="spec.containers{a}")
    recorder.event(POD, "Normal", "Pulled", "here", field_path="spec.containers{b}")
    recorder.event(POD, "Normal", "Pulled", "there", field_path="spec.containers{b}")
    assert [call.verb for call in server.calls] == ["create"] * 3
    assert len({call.name for call in server.calls}) == 3


def test_the_tenth_similar_event_is_combined_and_then_counted(server, recorder):
    for index in range(12):
        recorder.event(POD, "Normal", "ScalingReplicaSet", f"step {index}")
    assert [call.verb for call in server.calls] == ["create"] * 10 + ["patch"] * 2
    tenth = server.calls[9].body
    assert tenth["message"] == "(combined from similar events): step 9" and "reportingComponent" not in tenth
    assert (
        server.calls[11].body["message"] == "(combined from similar events): step 11"
        and server.calls[11].body["count"] == 3
    )


def test_the_same_message_about_many_fields_is_not_combined(server, recorder):
    for index in range(12):
        recorder.event(POD, "Normal", "Created", "Container created", field_path=f"spec.containers{{c{index}}}")
    assert [call.body["message"] for call in server.calls] == ["Container created"] * 12


def test_similar_events_are_not_combined_after_a_quiet_ten_minutes(server, recorder):
    for index in range(9):
        recorder.event(POD, "Normal", "ScalingReplicaSet", f"step {index}")
    server.now_ms = 600_001
    recorder.event(POD, "Normal", "ScalingReplicaSet", "step 9")
    assert server.calls[9].body["message"] == "step 9"


def test_the_twenty_sixth_event_about_an_object_is_dropped_until_five_minutes_have_passed(server, recorder):
    for _ in range(30):
        recorder.event(POD, "Warning", "Unhealthy", "no")
    assert len(server.calls) == 25
    recorder.event(POD, "Normal", "Pulled", "another type has its own budget")
    assert len(server.calls) == 26
    server.now_ms = 300_000
    recorder.event(POD, "Warning", "Unhealthy", "no")
    assert server.calls[26].body["count"] == 31


def test_events_wait_their_turn_and_names_differ_within_a_millisecond(server, recorder):
    server.held = True
    for index in range(3):
        recorder.event(POD, "Normal", "Created", f"{index}")
    assert not server.calls and len(server.waiting) == 1
    server.flush()
    assert [call.body["message"] for call in server.calls] == ["0", "1", "2"]
    assert len({call.name for call in server.calls}) == 3


def test_a_thousand_waiting_events_are_the_most(server, recorder):
    server.held = True
    for index in range(1_100):
        recorder.event({**POD, "metadata": {**POD["metadata"], "uid": f"u-{index}"}}, "Normal", "Created", "x")
    server.flush()
    assert len(server.calls) == 1_000


def test_two_components_do_not_meet_on_one_name(server):
    for component in ("kubelet", "replicaset-controller", "job-controller"):
        Recorder(server, server, component=component).event(POD, "Normal", "Created", "x")
    assert len({call.name for call in server.calls}) == 3


@pytest.fixture
def scheduler_recorder(server):
    return EventsV1Recorder(server, server, component="default-scheduler", instance="default-scheduler-vm")


def test_a_schedulers_event_has_an_action_and_no_count(server, scheduler_recorder):
    scheduler_recorder.event(POD, "Normal", "Scheduled", "Binding", "Successfully assigned shop/web to k8snode1")
    [call] = server.calls
    assert call.resource == "events.events.k8s.io"
    assert set(call.body) == {
        "kind",
        "apiVersion",
        "metadata",
        "eventTime",
        "reportingController",
        "reportingInstance",
        "action",
        "reason",
        "regarding",
        "note",
        "type",
    }


def test_a_series_is_written_at_its_start_and_its_end(server, scheduler_recorder):
    for second in range(5):
        server.now_ms = second * 1_000
        scheduler_recorder.event(POD, "Warning", "FailedScheduling", "Scheduling", f"no {second}")
    assert [call.verb for call in server.calls] == ["create", "patch"]
    assert server.calls[1].body["series"]["count"] == 2
    server.now_ms = 360_000
    scheduler_recorder.finish_series()
    assert len(server.calls) == 2
    server.now_ms = 720_000
    scheduler_recorder.finish_series()
    assert server.calls[2].body["series"]["count"] == 5
    assert not scheduler_recorder.state.recent and not scheduler_recorder.state.last_ms


def test_a_repeat_does_not_overtake_what_it_repeats(server, scheduler_recorder):
    server.held, delays, due = True, [9, 2], []
    server.write_ms = lambda later_ms: delays.pop(0)
    server.after = lambda delay_ms, handler, number, background: due.append(server.now_ms + delay_ms)
    for server.now_ms in (100, 103):
        scheduler_recorder.event(POD, "Warning", "FailedScheduling", "Scheduling", "no")
    assert due == [109, 109]


def test_a_changed_object_starts_a_new_event(server, scheduler_recorder):
    scheduler_recorder.event(POD, "Warning", "FailedScheduling", "Scheduling", "no")
    changed = {**POD, "metadata": {**POD["metadata"], "resourceVersion": "8"}}
    scheduler_recorder.event(changed, "Warning", "FailedScheduling", "Scheduling", "no")
    assert [call.verb for call in server.calls] == ["create", "create"]


def test_a_reference_has_no_empty_parts():
    assert reference_to({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n"}}) == {
        "kind": "Node",
        "name": "n",
        "apiVersion": "v1",
    }


class Away(Server):
    """An API server that may be away."""

    def __init__(self):
        super().__init__()
        self.is_away = True
        self.engine.rng = lambda name: SimpleNamespace(below=lambda bound: 4_000 % bound)

    def at_once(self, call):
        if self.is_away:
            self.calls.append(call)
            return Response(code=503, body={"message": UNHEARD})
        return super().at_once(call)

    @property
    def delays_ms(self):
        return [delay_ms for delay_ms, *_ in self.timers]


@pytest.fixture
def away():
    return Away()


@pytest.fixture
def kubelets(away):
    return Recorder(away, away, component="kubelet", host="n1")


def test_an_event_that_nobody_hears_is_sent_again_and_the_others_wait_behind_it(away, kubelets):
    kubelets.event(POD, "Normal", "Pulled", "here")
    kubelets.event(POD, "Normal", "Started", "up")
    assert away.delays_ms == [4_000]
    away.ring()
    assert [call.body["reason"] for call in away.calls] == ["Pulled", "Pulled"] and away.delays_ms == [10_000]
    away.is_away, away.now_ms = False, 14_000
    away.ring()
    assert [event["reason"] for event in away.events.values()] == ["Pulled", "Started"]
    assert away.calls[-2].body["metadata"]["name"] == away.calls[0].body["metadata"]["name"]
    assert [event["firstTimestamp"] for event in away.events.values()] == ["2026-01-01T09:00:00Z"] * 2
    assert not kubelets.state.pending and not kubelets.state.tries and not away.timers


def test_an_event_is_given_up_after_twelve_tries_and_the_next_one_sets_out(away, kubelets):
    kubelets.event(POD, "Normal", "Pulled", "here")
    kubelets.event(POD, "Normal", "Started", "up")
    for _ in range(11):
        away.ring()
    assert [call.body["reason"] for call in away.calls] == ["Pulled"] * 12 + ["Started"] and kubelets.state.tries == 1
    away.is_away = False
    away.ring()
    assert not kubelets.state.pending and not kubelets.state.tries and kubelets.state.held is None


def test_what_waits_for_the_api_server_outlives_a_snapshot(away, kubelets):
    other = Away()
    restored = Recorder(other, other, component="kubelet", host="n1")
    kubelets.event(POD, "Normal", "Pulled", "here")
    thaw(restored, freeze(kubelets))
    other.is_away = False
    restored.wake()
    assert list(other.events) == [away.calls[0].body["metadata"]["name"]]


def test_what_is_under_way_outlives_a_snapshot(server, recorder):
    server.held, other = True, Server()
    for index in range(2):
        recorder.event(POD, "Normal", "Created", f"{index}")
    restored = Recorder(other, other, component="kubelet", host="k8snode1")
    thaw(restored, freeze(recorder))
    restored.wake()
    assert [event["message"] for event in other.events.values()] == ["0", "1"] and not restored.state.pending


@pytest.fixture
def schedulers(away):
    return EventsV1Recorder(away, away, component="default-scheduler", instance="default-scheduler-vm")


def other(name):
    return {**POD, "metadata": {**POD["metadata"], "name": name}}


def test_a_schedulers_event_that_nobody_hears_is_sent_again_by_itself(away, schedulers):
    for name in ("a", "b"):
        schedulers.event(other(name), "Warning", "FailedScheduling", "Scheduling", "no")
    assert len(away.calls) == 2 and away.delays_ms == [11_500] * 2 and len(schedulers.state.under_way) == 2
    away.is_away = False
    away.timers.reverse()
    away.ring()
    assert [event["regarding"]["name"] for event in away.events.values()] == ["b"] and len(schedulers.state.under_way) == 1
    away.ring()
    assert len(away.events) == 2 and not schedulers.state.under_way and not away.timers


def test_a_schedulers_event_is_given_up_after_twelve_tries(away, schedulers):
    schedulers.event(POD, "Warning", "FailedScheduling", "Scheduling", "no")
    while schedulers.state.under_way:
        away.ring()
    assert len(away.calls) == 12 and not away.timers


def test_a_series_whose_event_comes_to_be_in_between_is_sent_again(away, schedulers):
    answers = [Response(code=503, body={"message": UNHEARD}), Response(code=404, body={"message": "not found"}),
               Response(code=409, body={"message": "exists", "reason": "AlreadyExists"})]
    away.at_once = lambda call: answers.pop(0)
    for _ in range(2):
        schedulers.event(POD, "Warning", "FailedScheduling", "Scheduling", "no")
    assert [tries for _, tries in schedulers.state.under_way.values()] == [1, 1] and not answers


def test_a_single_event_that_exists_already_is_not_sent_again(away, schedulers):
    away.at_once = lambda call: Response(code=409, body={"message": "exists", "reason": "AlreadyExists"})
    schedulers.event(POD, "Warning", "FailedScheduling", "Scheduling", "no")
    assert not schedulers.state.under_way and not away.timers


def test_a_final_count_that_nobody_hears_is_written_the_next_time(away, schedulers):
    away.is_away = False
    for _ in range(3):
        schedulers.event(POD, "Warning", "FailedScheduling", "Scheduling", "no")
    away.is_away, away.now_ms = True, 720_000
    schedulers.finish_series()
    assert len(schedulers.state.recent) == 1 and not schedulers.state.under_way
    away.is_away = False
    schedulers.finish_series()
    assert not schedulers.state.recent and away.calls[-1].body["series"]["count"] == 3


def test_what_a_scheduler_is_to_send_again_outlives_a_snapshot(away, schedulers):
    schedulers.event(POD, "Warning", "FailedScheduling", "Scheduling", "no")
    elsewhere = Away()
    restored = EventsV1Recorder(elsewhere, elsewhere, component="default-scheduler", instance="default-scheduler-vm")
    thaw(restored, freeze(schedulers))
    elsewhere.is_away = False
    elsewhere.call(*away.timers[0][1:])
    assert list(elsewhere.events) == [away.calls[0].name]
