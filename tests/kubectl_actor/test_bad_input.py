"""What kubectl says to bad files: each row was answered by the real kubectl 1.36, or by a real API server."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kubectl_actor.bench import Bench

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers:\n  - name: a\n    image: b\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: b\n"
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  replicas: 2\n  selector: {matchLabels: {a: b}}\n"
    "  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}\n"
)
BOMB = (
    'a: &a ["l","l","l","l","l","l","l","l","l"]\n'
    + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
    )
    + "kind: Pod\napiVersion: v1\n"
)
PARSING = "error: error parsing x.yaml: error converting YAML to JSON: yaml: "
IGNORE = "; if you choose to ignore these errors, turn validation off with --validate=false"
VALIDATING = 'error: error validating "x.yaml": error validating data: '
NAME = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
NO_NAME = (
    'error: error when retrieving current configuration of:\nResource: "/v1, Resource=pods", GroupVersionKind: "/v1, Kind=Pod"\n'
    'Name: "", Namespace: "default"\nfrom server for: "x.yaml": resource name may not be empty'
)


def no_match(kind, version):
    return (
        f'error: resource mapping not found for name: "x" namespace: "" from "x.yaml": no matches for kind "{kind}" in version "{version}"\n'
        "ensure CRDs are installed first"
    )


def badly_typed(what, field, wanted):
    return (
        f'error: unable to decode "x.yaml": json: cannot unmarshal {what} into Go struct field {field} of type {wanted}'
    )


REFUSED_BY_KUBECTL = {
    # not YAML
    "a colon too many": (
        "hello world, this is: not: yaml\n",
        PARSING + "mapping values are not allowed in this context",
    ),
    "a bare word": ("just text\n", VALIDATING + "invalid object to validate" + IGNORE),
    "a number": ("42\n", VALIDATING + "invalid object to validate" + IGNORE),
    "a list of words": ("- a\n- b\n", VALIDATING + "invalid object to validate" + IGNORE),
    "a bad indent": (
        POD.replace("  name: x\n", "  name: x\n   labels: y\n"),
        PARSING + "line 5: mapping values are not allowed in this context",
    ),
    "a value with a colon": (
        POD.replace("name: x", "name: a: b"),
        PARSING + "line 4: mapping values are not allowed in this context",
    ),
    "an open quote": (POD.replace("kind: Pod", 'kind: "Pod'), PARSING + "line 9: found unexpected end of stream"),
    "an open brace": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x\nspec: {}\n",
        PARSING + "line 3: did not find expected ',' or '}'",
    ),
    "a missing colon": (POD.replace("kind: Pod", "kind Pod"), PARSING + "line 3: could not find expected ':'"),
    "an item out of line": (POD.replace("    image", "   image"), PARSING + "line 7: did not find expected key"),
    "an at sign": ("apiVersion: v1\nkind: @Pod\n", PARSING + "line 2: found character that cannot start any token"),
    "an unknown escape": ('apiVersion: v1\nkind: "\\q"\n', PARSING + "line 2: found unknown escape character"),
    "a control character": ('kind: "a\x01b"\n', PARSING + "control characters are not allowed"),
    "an infinite number": (
        MAP.replace("a: b", "a: .inf"),
        "error: error parsing x.yaml: error converting YAML to JSON: json: unsupported value: +Inf",
    ),
    "broken JSON": (
        '{"apiVersion":"v1"\n"kind":"Pod"}',
        "error: error parsing x.yaml: json: offset 20: invalid character '\"' after object key:value pair",
    ),
    "half a JSON": ('{"apiVersion":"v1",\n"kind":"Pod"', "error: error parsing x.yaml: unexpected EOF"),
    # an alias bomb, tabs
    "an alias bomb": (BOMB, PARSING + "document contains excessive aliasing"),
    "tabs": (POD.replace("  name: x", "\tname: x"), PARSING + "line 4: found character that cannot start any token"),
    "a tab deeper in": (
        POD.replace("  name: x\n", "  name: x\n  labels:\n\t  a: b\n"),
        PARSING + "line 6: found character that cannot start any token",
    ),
    # nothing at all
    "an empty file": ("", "error: no objects passed to apply"),
    "only a comment": ("\n\n# only a comment\n", "error: no objects passed to apply"),
    "only separators": ("---\n---\n", "error: no objects passed to apply"),
    "null": ("null\n", "error: no objects passed to apply"),
    "a bad separator": ("--- foo\n" + MAP, "error: error parsing x.yaml: invalid Yaml document separator: foo"),
    # no kind, an unknown kind or version
    "no kind": (POD.replace("kind: Pod\n", ""), VALIDATING + "kind not set" + IGNORE),
    "no version": (POD.replace("apiVersion: v1\n", ""), VALIDATING + "apiVersion not set" + IGNORE),
    "neither": ("a: b\n", VALIDATING + "[apiVersion not set, kind not set]" + IGNORE),
    "a number for a kind": (POD.replace("kind: Pod", "kind: 5"), VALIDATING + "kind isn't string type" + IGNORE),
    "a version with two slashes": (
        POD.replace("apiVersion: v1", "apiVersion: a/b/c"),
        VALIDATING + "unexpected GroupVersion string: a/b/c" + IGNORE,
    ),
    "an unknown kind": (POD.replace("kind: Pod", "kind: Pood"), no_match("Pood", "v1")),
    "an unknown version": (POD.replace("apiVersion: v1", "apiVersion: v2"), no_match("Pod", "v2")),
    "an unknown group": (POD.replace("apiVersion: v1", "apiVersion: foo.io/v1"), no_match("Pod", "foo.io/v1")),
    "a version of long ago": (
        POD.replace("v1", "extensions/v1beta1").replace("Pod", "Deployment"),
        no_match("Deployment", "extensions/v1beta1"),
    ),
    # metadata of a wrong type, no name
    "metadata as text": (
        "apiVersion: v1\nkind: Pod\nmetadata: foo\n",
        badly_typed("string", "metadataOnlyObject.metadata", "v1.ObjectMeta"),
    ),
    "a number for a label": (
        POD.replace("  name: x\n", "  name: x\n  labels: {a: 5}\n", 1),
        badly_typed("number", "ObjectMeta.metadata.labels", "string"),
    ),
    "a number for a name": (
        POD.replace("name: x", "name: 5"),
        badly_typed("number", "ObjectMeta.metadata.name", "string"),
    ),
    "a list of annotations": (
        POD.replace("  name: x\n", "  name: x\n  annotations: [a]\n", 1),
        badly_typed("array", "ObjectMeta.metadata.annotations", "map[string]string"),
    ),
    "no name": (POD.replace("  name: x\n", "  labels: {a: b}\n", 1), NO_NAME),
    "no metadata": ("apiVersion: v1\nkind: Pod\nspec: {}\n", NO_NAME),
    "a generated name": (
        POD.replace("name: x", "generateName: x-"),
        "error: from x-: cannot use generate name with apply",
    ),
    "a name that is a path": (
        POD.replace("name: x", "name: a/b"),
        NO_NAME.replace('Name: ""', 'Name: "a/b"').replace(
            "resource name may not be empty", "invalid resource name \"a/b\": [may not contain '/']"
        ),
    ),
    "a List with a nameless kind": (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  metadata: {name: c1}\n",
        VALIDATING + "kind not set" + IGNORE,
    ),
}

CREATING = 'Error from server (BadRequest): error when creating "x.yaml": '
REFUSED_BY_THE_SERVER = {
    "a wrong type": (
        DEPLOYMENT.replace("replicas: 2", "replicas: two"),
        CREATING + 'Deployment in version "v1" cannot be handled as a Deployment: '
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
    ),
    "an unknown field": (
        POD.replace("  containers", "  imagePullPolicy: Never\n  containers"),
        CREATING + 'Pod in version "v1" cannot be handled as a Pod: '
        'strict decoding error: unknown field "spec.imagePullPolicy"',
    ),
    "two unknown fields": (
        POD.replace("    image: b", "    foo: 1\n    image: b\n  bar: 2"),
        CREATING + 'Pod in version "v1" cannot be handled as a Pod: '
        'strict decoding error: unknown field "spec.bar", unknown field "spec.containers[0].foo"',
    ),
    "a bad name": (
        POD.replace("name: x", "name: Web_1"),
        f'The Pod "Web_1" is invalid: metadata.name: Invalid value: "Web_1": {NAME}',
    ),
    "a bad label": (
        POD.replace("  name: x\n", "  name: x\n  labels: {a: 'c d'}\n", 1),
        f'The Pod "x" is invalid: metadata.labels: Invalid value: "c d": {LABEL}',
    ),
    "no containers": (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec: {}\n",
        'The Pod "x" is invalid: spec.containers: Required value',
    ),
    "two mebibytes": (
        MAP + "  big: " + "x" * (2 << 20) + "\n",
        'Error from server (RequestEntityTooLarge): error when creating "x.yaml": '
        "Request entity too large: limit is 3145728",
    ),
    "no such namespace": (
        POD.replace("  name: x\n", "  name: x\n  namespace: nope\n", 1),
        'Error from server (NotFound): error when creating "x.yaml": namespaces "nope" not found',
    ),
}


@pytest.mark.parametrize("text, words", REFUSED_BY_KUBECTL.values(), ids=REFUSED_BY_KUBECTL)
def test_kubectl_refuses(text, words):
    bench = Bench()
    before = bench.server.store.revision
    assert bench.apply(text) == (1, "", words)
    assert bench.server.store.revision == before
    assert not [verb for verb, _ in bench.requests() if verb in ("create", "patch")]


@pytest.mark.parametrize("text, words", REFUSED_BY_THE_SERVER.values(), ids=REFUSED_BY_THE_SERVER)
def test_the_server_refuses(text, words):
    bench = Bench()
    before = bench.server.store.revision
    assert bench.apply(text) == (1, "", words)
    assert bench.server.store.revision == before


ACCEPTED = {
    "CRLF line ends": POD.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + POD,
    "a byte order mark in bytes": ("\ufeff" + POD).encode(),
    "UTF-16": POD.encode("utf-16"),
    "a repeated key": POD.replace("kind: Pod\n", "kind: Pod\nkind: Pod\n"),
    "a document end mark": POD + "...\nkind: x\n",
    "JSON": '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"b"}]}}',
    "JSON with a comma too many": '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"b"}]},}',
    "an anchor and a merge": POD.replace(
        "  - name: a\n    image: b\n", "  - &a {name: a, image: b}\n  - {<<: *a, name: b}\n"
    ),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_kubectl_takes(text):
    bench = Bench()
    assert bench.apply(text) == (0, "pod/x created", "")
    assert bench.stored("pods/default/x")["spec"]["containers"][0]["image"] == "b"


def test_the_last_of_repeated_keys_counts():
    bench = Bench()
    bench.apply(POD + "    image: c\n")
    assert bench.stored("pods/default/x")["spec"]["containers"][0]["image"] == "c"


def test_bytes_of_another_encoding_become_replacement_characters():
    bench = Bench()
    assert bench.apply(MAP.replace("a: b", "a: caf\xe9").encode("cp1252")) == (0, "configmap/c created", "")
    assert bench.stored("configmaps/default/c")["data"] == {"a": "caf\ufffd"}


def test_documents_before_the_broken_one_are_applied():
    bench = Bench()
    broken = POD.replace("  containers:\n", " oops: {}\n")
    assert bench.apply(MAP + "---\n" + broken) == (
        1,
        "configmap/c created",
        PARSING + "line 6: did not find expected key",
    )
    assert bench.stored("configmaps/default/c") and not bench.stored("pods/default/x")


def test_documents_after_a_broken_one_are_not_applied():
    bench = Bench()
    assert bench.apply("foo: [1\n---\n" + MAP)[:2] == (1, "")
    assert not bench.stored("configmaps/default/c")


def test_documents_around_an_unknown_kind_are_applied():
    bench = Bench()
    code, out, err = bench.apply(
        MAP + "---\n" + POD.replace("Pod", "Pood") + "---\n" + MAP.replace("name: c", "name: d")
    )
    assert (code, out, err) == (1, "configmap/c created\nconfigmap/d created", no_match("Pood", "v1"))


def test_a_list_is_applied_item_by_item():
    bench = Bench()
    text = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        f"- apiVersion: v1\n  kind: {kind}\n  metadata: {{name: {name}}}\n"
        for kind, name in (("ConfigMap", "c1"), ("Nope", "c2"), ("ConfigMap", "c3"))
    )
    assert bench.apply(text) == (
        1,
        "configmap/c1 created\nconfigmap/c3 created",
        'unable to recognize no matches for kind "Nope" in version "v1"',
    )


def test_several_errors_are_listed_without_the_word_error():
    bench = Bench()
    wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n"
    code, _, err = bench.apply(POD.replace("name: x", "generateName: g-") + "---\n" + wrong + "---\n" + wrong)
    one = 'unable to decode "x.yaml": json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string'
    assert code == 1 and err.splitlines() == ["from g-: cannot use generate name with apply", f"[{one}, {one}]"]


def test_a_text_that_nests_too_deep_is_refused():
    for text in ("[" * 3000, '{"a":' * 3000, "a: " + "[" * 250 + "]" * 250, '{"a":' * 250 + "1" + "}" * 250):
        code, out, err = Bench().apply(text)
        assert (code, out) == (1, "") and err.startswith("error: error parsing x.yaml: ")


def test_half_a_surrogate_pair_becomes_a_replacement_character():
    bench = Bench()
    text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"x\\ud800y"}}'
    assert bench.apply(text) == (0, "configmap/c created", "")
    assert bench.stored("configmaps/default/c")["data"] == {"a": "x\ufffdy"}


PIECES = (
    "---\n",
    "apiVersion: v1\n",
    "kind: Pod\n",
    "kind: List\n",
    "metadata:\n",
    "metadata: {name: x}\n",
    "  name: x\n",
    "items:\n",
    "- ",
    "  ",
    "{",
    "}",
    "[",
    "]",
    "a: b\n",
    "\t",
    "&a ",
    "*a",
    "!!x ",
    "|\n",
    '"',
    "'",
    "# c\n",
    "null\n",
    "spec: {}\n",
    "\\",
    "%",
    "\x00",
    "\ud800",
    "é",
    "kind: ConfigMap\n",
    "data: {a: b}\n",
    "1",
    "-",
    ": ",
    "? ",
    "<<: ",
    "\ufeff",
    "\r\n",
    '{"kind":',
    "~",
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from(["apply", "delete"]))
def test_whatever_the_text_kubectl_ends_with_a_word(text, action):
    code, out, err = BENCH.run(action, files=[{"name": "x.yaml", "text": text}])
    assert code in (0, 1) and (out or err) and bool(err) >= bool(code)


BENCH = Bench()


@pytest.mark.slow
def test_another_sandbox_hears_nothing_of_it():
    one, other = Bench(), Bench()
    for text, _ in [*REFUSED_BY_KUBECTL.values(), *REFUSED_BY_THE_SERVER.values()]:
        one.apply(text)
    assert one.apply(POD) == other.apply(POD) == (0, "pod/x created", "")
