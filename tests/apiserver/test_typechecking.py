"""What is wrong with policies' expressions for the kinds they name: typechecking.json holds what the real kube-controller-manager 1.36.3 noted."""
import json
from pathlib import Path

import pytest

from cluster.apiserver import typechecking
from cluster.kinds import registry

NOTED = json.loads(Path(__file__).with_name("typechecking.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", NOTED, ids=lambda row: row["policy"]["metadata"]["name"])
def test_it_notes_what_the_real_one_noted(row):
    assert typechecking.warnings(row["policy"], registry()) == row["warnings"]


def test_ten_kinds_are_enough():
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods", "services", "secrets", "configmaps", "endpoints", "events", "nodes",
                                                                    "limitranges", "namespaces", "podtemplates", "serviceaccounts"]}
    policy = {"spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "object.nothing == 1"}]}}
    (found,) = typechecking.warnings(policy, registry())
    assert found["warning"].count("undefined field 'nothing'") == 10 and "Kind=Service:" not in found["warning"]


def test_kinds_are_counted_a_rule():
    names = ("pods services secrets configmaps endpoints events", "nodes limitranges namespaces podtemplates serviceaccounts")
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "resources": each.split()} for each in names]
    policy = {"spec": {"matchConstraints": {"resourceRules": rules}, "validations": [{"expression": "object.nothing == 1"}]}}
    (found,) = typechecking.warnings(policy, registry())
    assert found["warning"].count("undefined field 'nothing'") == 11
