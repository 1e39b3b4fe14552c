"""PodSecurity, admission policies and default classes: what is refused, in whose words, and what it looks like as steps."""
import pytest

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
PODS = "/api/v1/namespaces/strict/pods"
RESTRICTED = ('pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "app" must set '
              'securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "app" must set '
              'securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "app" must set '
              'securityContext.runAsNonRoot=true), seccompProfile (pod or container "app" must set '
              'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")')
CAREFUL = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


@pytest.fixture
def strict(http, server):
    """A namespace with labels, and a ServiceAccount so that Pods can be made in it."""
    def made(**labels):
        marks = {f"pod-security.kubernetes.io/{name.replace('_', '-')}": value for name, value in labels.items()}
        answer = http("POST", "/api/v1/namespaces", {"metadata": {"name": "strict", "labels": marks}})
        server.ask("create", "serviceaccounts", namespace="strict", body={"metadata": {"name": "default", "namespace": "strict"}})
        return answer
    return made


def a_pod(**spec):
    context = spec.pop("context", None)
    container = {"name": "app", "image": "nginx:1", **({"securityContext": context} if context else {})}
    return {"metadata": {"name": "p"}, "spec": {"containers": [container], **spec}}


def test_a_restricted_namespace_refuses_a_plain_pod_in_upstreams_words(http, strict):
    strict(enforce="restricted")
    code, _, body = http("POST", PODS, a_pod())
    assert (code, body["reason"], body["message"]) == (403, "Forbidden", RESTRICTED)


def test_a_careful_pod_passes(http, strict):
    strict(enforce="restricted")
    assert http("POST", PODS, a_pod(context=CAREFUL))[0] == 201


@pytest.mark.parametrize("spec, why", [
    ({"hostNetwork": True, "hostPID": True}, "host namespaces (hostNetwork=true, hostPID=true)"),
    ({"context": {"privileged": True}}, 'privileged (container "app" must not set securityContext.privileged=true)'),
    ({"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]}, 'hostPath volumes (volume "v")'),
    ({"context": {"capabilities": {"add": ["NET_ADMIN", "KILL"]}}},
     'non-default capabilities (container "app" must not include "NET_ADMIN" in securityContext.capabilities.add)'),
    ({"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
     'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'),
    ({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, "forbidden sysctls (kernel.msgmax)"),
])
def test_baseline_refuses_what_reaches_for_the_node(http, strict, spec, why):
    strict(enforce="baseline")
    code, _, body = http("POST", PODS, a_pod(**spec))
    assert (code, body["message"]) == (403, f'pods "p" is forbidden: violates PodSecurity "baseline:latest": {why}')


def test_baseline_lets_a_plain_pod_pass_and_warns_where_asked(http, strict):
    strict(enforce="baseline", warn="restricted", warn_version="v1.30")
    code, headers, _ = http("POST", PODS, a_pod())
    assert code == 201 and 'would violate PodSecurity \\"restricted:v1.30\\": allowPrivilegeEscalation' in headers["Warning"]


def test_a_template_is_warned_of_and_never_refused(http, strict):
    strict(enforce="restricted")
    labels = {"app": "a"}
    body = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": labels},
                                               "template": {"metadata": {"labels": labels}, "spec": a_pod()["spec"]}}}
    code, headers, _ = http("POST", "/apis/apps/v1/namespaces/strict/deployments", body)
    assert code == 201 and 'would violate PodSecurity \\"restricted:latest\\"' in headers["Warning"]


def test_a_label_that_makes_no_sense_is_invalid(strict):
    code, _, body = strict(enforce="paranoid")
    assert code == 422 and body["message"] == (
        'Namespace "strict" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "paranoid": '
        "must be one of privileged, baseline, restricted")


def test_pods_that_are_there_are_warned_of_when_the_level_rises(http, strict):
    strict()
    http("POST", PODS, a_pod())
    body = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    code, headers, _ = http("PATCH", "/api/v1/namespaces/strict", body, Content_Type="application/merge-patch+json")
    assert code == 200 and headers["Warning"] == (   # the last of two
        '299 - "p: allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile"')


# -- policies -----------------------------------------------------------------------------------------------------------


def a_policy(expression="object.spec.replicas <= 3", **validation):
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments"]}
    return {"metadata": {"name": "few"}, "spec": {"matchConstraints": {"resourceRules": [rule]},
                                                  "validations": [{"expression": expression, **validation}]}}


def a_binding(*actions, **spec):
    return {"metadata": {"name": "few-here"}, "spec": {"policyName": "few", "validationActions": list(actions or ("Deny",)), **spec}}


def a_deployment(replicas):
    labels = {"app": "a"}
    return {"metadata": {"name": "d"}, "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                                               "template": {"metadata": {"labels": labels}, "spec": a_pod()["spec"]}}}


@pytest.fixture
def deploy(http):
    return lambda replicas: http("POST", "/apis/apps/v1/namespaces/default/deployments", a_deployment(replicas))


@pytest.fixture
def bound(http):
    def made(policy, binding):
        answers = [http("POST", f"{ADMISSION}/validatingadmissionpolicies", policy),
                   http("POST", f"{ADMISSION}/validatingadmissionpolicybindings", binding)]
        assert [answer[0] for answer in answers] == [201, 201], answers
        return answers
    return made


def test_a_policy_with_its_binding_refuses_what_breaks_it(bound, deploy):
    bound(a_policy(), a_binding())
    code, _, body = deploy(5)
    words = "ValidatingAdmissionPolicy 'few' with binding 'few-here' denied request: failed expression: object.spec.replicas <= 3"
    assert (code, body["reason"]) == (422, "Invalid")
    assert body["message"] == f'deployments.apps "d" is forbidden: {words}'
    assert body["details"]["causes"] == [{"message": words}]
    assert deploy(3)[0] == 201


def test_a_policy_without_a_binding_does_nothing(http, deploy):
    assert http("POST", f"{ADMISSION}/validatingadmissionpolicies", a_policy())[0] == 201
    assert deploy(5)[0] == 201


def test_its_message_reason_and_variables_count(bound, deploy):
    policy = a_policy("variables.n < 4", messageExpression="'too many: ' + string(variables.n)", reason="Forbidden")
    policy["spec"]["variables"] = [{"name": "n", "expression": "object.spec.replicas"}]
    bound(policy, a_binding())
    code, _, body = deploy(9)
    assert code == 403 and body["message"].endswith("denied request: too many: 9")


def test_a_warning_action_lets_pass_and_warns(bound, deploy):
    bound(a_policy(message="at most three"), a_binding("Warn"))
    code, headers, _ = deploy(5)
    assert code == 201 and "Validation failed for ValidatingAdmissionPolicy 'few' with binding 'few-here': at most three" in headers["Warning"]


def test_a_binding_is_about_the_namespaces_that_it_selects(bound, deploy, http):
    bound(a_policy(), a_binding(matchResources={"namespaceSelector": {"matchLabels": {"env": "prod"}}}))
    assert deploy(5)[0] == 201


def test_parameters_come_from_the_object_that_the_binding_names(bound, deploy, http):
    policy = a_policy("object.spec.replicas <= int(params.data.most)")
    policy["spec"]["paramKind"] = {"apiVersion": "v1", "kind": "ConfigMap"}
    bound(policy, a_binding(paramRef={"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"}))
    code, _, body = deploy(1)
    assert code == 422 and "no params found for policy binding with `Deny` parameterNotFoundAction" in body["message"]
    http("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "limits"}, "data": {"most": "2"}})
    assert deploy(3)[0] == 422 and deploy(2)[0] == 201


def test_an_error_counts_by_the_failure_policy(bound, deploy):
    policy = a_policy("object.spec.nothing == 1")
    bound(policy, a_binding())
    code, _, body = deploy(1)
    assert code == 422 and "resulted in error: no such key: nothing" in body["message"]


# -- kinds --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path, body, filled", [
    ("/apis/storage.k8s.io/v1/csidrivers", {"metadata": {"name": "csi.example.com"}, "spec": {}},
     {"attachRequired": True, "fsGroupPolicy": "ReadWriteOnceWithFSType", "volumeLifecycleModes": ["Persistent"]}),
    (f"{ADMISSION}/validatingadmissionpolicies", a_policy(), {"failurePolicy": "Fail"}),
])
def test_new_kinds_are_filled_in(http, path, body, filled):
    code, _, made = http("POST", path, body)
    assert code == 201 and {name: made["spec"].get(name) for name in filled} == filled


def a_hook(**more):
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    return {"metadata": {"name": "hook"}, "webhooks": [{"name": "a.example.com", "rules": [rule], "sideEffects": "None",
                                                        "admissionReviewVersions": ["v1"], "clientConfig": {"url": "https://x/y"}, **more}]}


@pytest.mark.parametrize("more, why", [
    ({"name": "a.b"}, "should be a domain with at least three segments separated by dots"),
    ({"clientConfig": {"url": "http://x"}}, "'https' is the only allowed URL scheme; desired format: https://host[/path]"),
    ({"sideEffects": "Some"}, 'supported values: "None", "NoneOnDryRun"'),
    ({"timeoutSeconds": 31}, "the timeout value must be between 1 and 30 seconds"),
    ({"admissionReviewVersions": ["v2"]}, "must include at least one of v1, v1beta1"),
])
def test_a_hook_that_could_not_work_is_invalid(http, more, why):
    code, _, body = http("POST", f"{ADMISSION}/validatingwebhookconfigurations", a_hook(**more))
    assert code == 422 and why in body["message"]


def test_hooks_are_stored_and_counted(http):
    code, _, made = http("POST", f"{ADMISSION}/mutatingwebhookconfigurations", a_hook())
    hook = made["webhooks"][0]
    assert code == 201 and (hook["timeoutSeconds"], hook["failurePolicy"], hook["reinvocationPolicy"], made["metadata"]["generation"]) == (
        10, "Fail", "Never", 1)
    _, _, table = http("GET", f"{ADMISSION}/mutatingwebhookconfigurations", Accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert table["rows"][0]["cells"][:2] == ["hook", 1]


def test_an_ingress_gets_the_default_class(http):
    mark = {"ingressclass.kubernetes.io/is-default-class": "true"}
    http("POST", "/apis/networking.k8s.io/v1/ingressclasses", {"metadata": {"name": "web", "annotations": mark}, "spec": {"controller": "a.b/c"}})
    backend = {"service": {"name": "s", "port": {"number": 80}}}
    body = {"metadata": {"name": "i"}, "spec": {"defaultBackend": backend}}
    assert http("POST", "/apis/networking.k8s.io/v1/namespaces/default/ingresses", body)[2]["spec"]["ingressClassName"] == "web"


# -- steps --------------------------------------------------------------------------------------------------------------


LIMITED = ("limitranges", {"metadata": {"name": "l"}, "spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}, "default": {"cpu": "500m"}}]}})
TAINTLESS = {"metadata": {"name": "n1"}, "spec": {}}


def rows(server, kind):
    return [(data["plugin"], data.get("fields")) for name, _, data in server.events if name == kind and "plugin" in data]


@pytest.mark.parametrize("before, path, body, plugin, field", [
    (None, "/api/v1/namespaces/default/pods", a_pod(), "ServiceAccount", "spec.serviceAccountName"),
    (None, "/api/v1/namespaces/default/pods", a_pod(), "Priority", "spec.priority"),
    (None, "/api/v1/namespaces/default/pods", a_pod(), "DefaultTolerationSeconds", "spec.tolerations[0]"),
    (LIMITED, "/api/v1/namespaces/default/pods", a_pod(), "LimitRanger", "spec.containers[0].resources.limits.cpu"),
    (None, "/api/v1/nodes", TAINTLESS, "TaintNodesByCondition", "spec.taints[0]"),
    (None, "/api/v1/namespaces/default/persistentvolumeclaims",
     {"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
     "StorageObjectInUseProtection", "metadata.finalizers[0]"),
])
def test_each_plugin_that_changes_something_says_what(server, http, before, path, body, plugin, field):
    if before:
        server.ask("create", before[0], namespace="default", body=before[1])
    assert http("POST", path, body)[0] == 201
    assert any(name == plugin and field in fields for name, fields in rows(server, "AdmissionMutated")), server.events[-20:]


@pytest.mark.parametrize("path, body, plugin", [
    ("/api/v1/namespaces/nowhere/pods", a_pod(), "NamespaceLifecycle"),
    ("/api/v1/namespaces/default/pods", a_pod(serviceAccountName="nobody"), "ServiceAccount"),
    ("/api/v1/namespaces/default/pods", a_pod(priorityClassName="none"), "Priority"),
    ("/api/v1/namespaces/default/pods", a_pod(runtimeClassName="none"), "RuntimeClass"),
    ("/api/v1/namespaces/default/pods", a_pod(containers=[{"name": "a", "image": "x", "resources": {"limits": {"cpu": "2"}}}]), "LimitRanger"),
])
def test_each_plugin_that_refuses_is_named(server, http, path, body, plugin):
    server.ask("create", LIMITED[0], namespace="default", body=LIMITED[1])
    assert http("POST", path, body)[0] in (403, 404)
    assert rows(server, "RequestRefused")[-1][0] == plugin


@pytest.mark.parametrize(("spec", "words"), [
    ({"runtimeClassName": "heavy", "nodeSelector": {"a": "c"}},
     "conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c"),
    ({"runtimeClassName": "heavy", "overhead": {"cpu": "2"}}, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"),
    ({"overhead": {"cpu": "1"}}, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"),
    ({"runtimeClassName": "heavy", "nodeSelector": {"a": "b"}, "overhead": {"cpu": "1000m"}}, ""),
])
def test_a_pod_and_its_runtime_class_must_go_together(server, http, spec, words):
    body = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "heavy"}, "handler": "runc",
            "overhead": {"podFixed": {"cpu": "1"}}, "scheduling": {"nodeSelector": {"a": "b"}}}  # fmt: skip
    server.ask("create", "runtimeclasses", group="node.k8s.io", body=body)
    code, _, answer = http("POST", "/api/v1/namespaces/default/pods", a_pod(**spec))
    assert (code, answer["message"] if words else "") == ((403, f'pods "p" is forbidden: {words}') if words else (201, ""))


def test_a_quota_that_is_used_up_refuses_by_name(server, http):
    http("POST", "/api/v1/namespaces/default/resourcequotas", {"metadata": {"name": "q"}, "spec": {"hard": {"configmaps": "1"}}})
    for name in ("a", "b"):
        http("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": name}})
    assert rows(server, "RequestRefused")[-1][0] == "ResourceQuota"
    assert ("ResourceQuota", None) in rows(server, "AdmissionValidated")
