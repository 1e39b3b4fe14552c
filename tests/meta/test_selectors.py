"""Label and field selectors."""
import pytest

from cluster.meta import labels, selectors


@pytest.mark.parametrize(("text", "wanted"), [
    ("app=a", "app=a"), ("app==a", "app==a"), (" app = a ", "app=a"), ("app notin (b,a)", "app notin (a,b)"), ("!tier", "!tier"),
    ("tier>1", "tier>1"), ("app==", "app=="), ("app in (a,)", "app in (,a)"), ("b,a", "a,b"), ("in in (in)", "in in (in)"),
    ("x in (foo,,baz),y,z notin ()", "x in (,baz,foo),y,z notin ()"), ("", ""),
])
def test_a_label_selector_is_read(text, wanted):
    assert str(labels.parse(text)) == wanted


@pytest.mark.parametrize(("text", "wanted"), [
    ("app in a", "unable to parse requirement: found 'a' expected: '('"),
    ("a b=c", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
    ("app=>a", "unable to parse requirement: found '>', expected: identifier"),
    ("app in (a", "unable to parse requirement: found '', expected: ',' or ')'"),
    ("=a", "found '=', expected: !, identifier, or 'end of string'"),
    ("a,", "found '', expected: identifier after ','"),
    ("a=b c", "found 'c', expected: ',' or 'end of string'"),
    ("a>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"),
])
def test_a_bad_label_selector_is_refused_in_upstreams_words(text, wanted):
    with pytest.raises(labels.SelectorError) as refused:
        labels.parse(text)
    assert str(refused.value) == wanted


@pytest.mark.parametrize(("text", "found", "matches"), [
    ("app=a", {"app": "a"}, True), ("app=a", {}, False), ("app!=a", {}, True), ("app!=a", {"app": "a"}, False),
    ("app in (a,b)", {"app": "b"}, True), ("app notin (a)", {"app": "b"}, True), ("app", {"app": ""}, True), ("!app", {}, True),
    ("n>1", {"n": "2"}, True), ("n>1", {"n": "x"}, False), ("n<2", {"n": "1"}, True), ("app=a,tier=b", {"app": "a"}, False),
])
def test_a_selector_matches_labels(text, found, matches):
    assert labels.parse(text).matches(found) is matches


def test_no_selector_selects_nothing_and_an_empty_one_everything():
    assert not labels.from_object(None).matches({"a": "b"})
    assert labels.from_object({}).matches({"a": "b"})
    assert labels.from_object({}).empty


def test_a_selector_object_joins_labels_and_expressions():
    selector = labels.from_object({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]})
    assert str(selector) == "a=b,x"
    assert selector.matches({"a": "b", "x": ""})
    assert not selector.matches({"a": "b"})


def test_an_unknown_operator_is_refused():
    with pytest.raises(labels.SelectorError, match='"Like" is not a valid label selector operator'):
        labels.from_object({"matchExpressions": [{"key": "a", "operator": "Like"}]})


@pytest.mark.parametrize(("expression", "wanted"), [
    ({"key": "a", "operator": "In"}, "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"),
    ({"key": "a", "operator": "Exists", "values": ["b"]},
     "s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
    ({"key": "a", "operator": "?"}, 's.matchExpressions[0].operator: Invalid value: "?": not a valid selector operator'),
])
def test_a_selector_objects_own_rules(expression, wanted):
    errors = labels.validate_label_selector({"matchExpressions": [expression]}, "s")
    assert [str(error) for error in errors] == [wanted]


POD = {"metadata": {"name": "a", "namespace": "n"}, "status": {"phase": "Running"}}
READERS = {"status.phase": lambda pod: pod["status"]["phase"]}


@pytest.mark.parametrize(("text", "matches"), [
    ("metadata.name=a", True), ("metadata.name!=a", False), ("status.phase==Running,metadata.namespace=n", True), ("", True),
    ("status.phase=Failed", False), ("status.phase!=Failed,status.phase!=Succeeded", True), ("status.phase!=Failed,status.phase!=Running", False),
    ("status.phase=Running,status.phase=Running", True), ("status.phase=Running,status.phase=Failed", False),
    ("status.phase=Running,status.phase!=Running", False), ("status.phase=Running,status.phase!=Failed", True), ("spec.unknown=", True),
])
def test_a_field_selector_matches(text, matches):
    assert selectors.parse(text).matches(POD, READERS) is matches


@pytest.mark.parametrize(("text", "wanted"), [
    ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
    ("a=b=c", "invalid field selector: unescaped character in value: 61"),
    ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
])
def test_a_bad_field_selector_is_refused(text, wanted):
    with pytest.raises(selectors.FieldSelectorError) as refused:
        selectors.parse(text)
    assert str(refused.value) == wanted


def test_escapes_are_data():
    assert selectors.parse("a=b\\,c\\=d").terms[0].value == "b,c=d"


def test_a_field_nobody_can_select_by_is_named():
    assert selectors.parse("metadata.name=a,spec.image=x").unsupported(READERS) == "spec.image"
