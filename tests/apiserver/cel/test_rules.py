"""Rules of definitions: what no compiler takes is refused when the definition is written."""
import pytest

from cluster.apiserver.custom import rules

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def definition(schema):
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {"spec": {"group": "example.com", "versions": [version]}}


def an_object(*said, **properties):
    return {"type": "object", "properties": properties, "x-kubernetes-validations": [{"rule": one} if isinstance(one, str) else one for one in said]}


def told(schema):
    return [(error.path.removeprefix("spec.validation.openAPIV3Schema"), error.detail) for error in rules.complaints(definition(schema))]


@pytest.mark.parametrize(("rule", "words"), [
    ("self.size > 3", ""),
    ("self.sise > 3", "undefined field 'sise'"),
    ("self.size == 'a'", "found no matching overload for '_==_' applied to '(int, string)'"),
    ("self.size", "cel expression must evaluate to a bool"),
    ("self.size >", "mismatched input '<EOF>' expecting"),
    ("object.size > 3", "undeclared reference to 'object'"),
    ("has(self.size) && self.tags.all(t, t.startsWith('a'))", ""),
    ("self.tags.exists(t, t > 3)", "found no matching overload for '_>_' applied to '(string, int)'"),
    ("self.amount.contains('%')", ""),                      # int or string: anything may be asked of it
    ("self.until < timestamp('2030-01-01T00:00:00Z')", ""),
    ("self.namespace == 'a' && self.a__dash__b == 'c'", ""),
    ("self.metadata.name != ''", ""),
    ("self.metadata.labels != {}", "undefined field 'labels'"),
])
def test_a_rule_is_typed_by_its_schema(rule, words):
    schema = an_object(rule, size=NUMBER, tags={"type": "array", "items": TEXT}, amount={"x-kubernetes-int-or-string": True},
                       until={"type": "string", "format": "date-time"}, namespace=TEXT, **{"a-b": TEXT})
    found = told(schema)
    assert [path for path, _ in found] == ([".x-kubernetes-validations[0].rule"] if words else [])
    assert not words or words in found[0][1]


def test_a_message_expression_has_to_come_to_a_text():
    schema = an_object({"rule": "self.size > 3", "messageExpression": "self.size"}, size=NUMBER)
    assert told(schema) == [(".x-kubernetes-validations[0].messageExpression", "messageExpression must evaluate to a string")]


def test_what_was_there_before_is_not_known_within_a_list_that_is_no_map():
    items = {"type": "array", "items": an_object("self.size >= oldSelf.size", size=NUMBER)}
    assert told({"type": "object", "properties": {"many": items}}) == [
        (".properties[many].items.x-kubernetes-validations[0].rule",
         "oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[many]")]


def test_a_rule_that_may_come_without_an_old_value_has_to_use_it():
    schema = an_object({"rule": "self.size > 3", "optionalOldSelf": True}, size=NUMBER)
    assert told(schema) == [(".x-kubernetes-validations[0].optionalOldSelf", rules.UNUSED)]
    assert told(an_object({"rule": "oldSelf.hasValue() || self.size > 3", "optionalOldSelf": True}, size=NUMBER)) == []


def test_a_default_is_held_against_its_rules_first():
    size = {"type": "integer", "default": 3, "x-kubernetes-validations": [{"rule": "self >"}]}
    (path, detail), = told({"type": "object", "properties": {"size": size}})
    assert path == ".properties[size].default" and detail.startswith("rule compile error: compilation failed: ERROR: <input>:1:7: Syntax error")


def test_a_schema_that_has_other_faults_is_not_compiled():
    assert told({"properties": {"spec": {"x-kubernetes-validations": [{"rule": "nothing"}]}}}) == []
