"""The expression language of rules, and the paths of columns."""
import contextlib

import pytest

from cluster.apiserver.custom import expressions, jsonpath

SELF = {"a": 1, "s": "abc", "l": [1, 2, 3], "m": {"x": "y"}, "big-name": True, "f": 1.5, "n": None}


@pytest.mark.parametrize("text, value", [
    ("self.a + 2 * 3 == 7", True), ("7 / 2", 3), ("-7 / 2", -3), ("-7 % 3", -1), ("self.f > self.a", True),
    ("!has(self.b) || self.b", True), ("has(self.a) && self.a == 1", True), ("self.l.all(x, x > 0)", True), ("self.l.exists(x, x > 2)", True),
    ("self.l.exists_one(x, x > 1)", False), ("self.l.map(x, x * 2)", [2, 4, 6]), ("self.l.filter(x, x != 2)", [1, 3]),
    ("self.l.map(x, x > 1, x + 1)", [3, 4]), ("2 in self.l", True), ("'x' in self.m", True), ("self.m['x']", "y"), ("size(self.s) == 3", True),
    ("self.s.startsWith('ab') && self.s.endsWith(\"c\")", True), ("self.s.matches('^[a-z]+$')", True), ("self.s.contains('bc')", True),
    ("self.a == 1 ? 'one' : 'other'", "one"), ("[1, 2] + [3] == self.l", True), ("{'x': 'y'} == self.m", True), ("self.big__dash__name", True),
    ("type(self.a) == int", True), ("self.s + string(self.a)", "abc1"), ("self.n == null", True), ("'a,b'.split(',')", ["a", "b"]),
    ("true || self.missing", True), ("r'\\d' == '\\\\d'", True), ("1u + 1u", 2), ("self.l.isSorted()", True), ("'''it's'''", "it's"),
])
def test_an_expression_has_a_value(text, value):
    assert expressions.evaluate(expressions.parse(text), {"self": SELF}) == value


@pytest.mark.parametrize("text, value", [
    ("self.?a.orValue(9)", 1), ("self.?b.orValue(9)", 9), ("self.?m.?x.hasValue()", True), ("self.?m.z.hasValue()", False),
    ("self.?b.?c[?0].orValue('none')", "none"), ("self.l[?1].value()", 2), ("self.l[?9].or(optional.of(7)).value()", 7),
    ("self.m[?'x'].optMap(v, v + '!').orValue('')", "y!"), ("self.?m.optFlatMap(m, m[?'z']).hasValue()", False),
    ("[?self.?a, ?self.?b, 3]", [1, 3]), ("{?'a': self.?a, ?'b': self.?b}", {"a": 1}), ("optional.none().hasValue()", False),
    ("optional.ofNonZeroValue('').orValue('empty')", "empty"), ("self.?a == optional.of(1)", True),
])
def test_what_may_not_be_there_is_no_error(text, value):
    assert expressions.evaluate(expressions.parse(text), {"self": SELF}) == value


@pytest.mark.parametrize("text", ["self.?b.value()", "self.a.orValue(1)", "[?self.a]", "'x'.of(1)", "size(?self.?a)"])
def test_what_is_no_optional_has_no_value_as_one(text):
    with pytest.raises(expressions.Failed):
        expressions.evaluate(expressions.parse(text), {"self": SELF})


@pytest.mark.parametrize("text", ["self.b", "self.l[9]", "self.a + self.s", "self.s < 1", "1 / 0", "false || self.missing"])
def test_an_expression_can_fail(text):
    with pytest.raises(expressions.Failed):
        expressions.evaluate(expressions.parse(text), {"self": SELF})


@pytest.mark.parametrize("text", ["semver('1.2.3')", "1 +", "self.l.sortBy(x, x)", "(1", "$"])
def test_what_is_not_known_is_said_to_be_so(text):
    with pytest.raises(expressions.Unknown):
        expressions.parse(text)


@pytest.mark.slow
def test_an_expression_ends():
    text = "self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, self.l.all(e, true)))))"
    with pytest.raises(expressions.Failed):
        expressions.evaluate(expressions.parse(text), {"self": {"l": list(range(40))}})


GROWING = {
    "a text that is replaced by itself": "self.s" + ".replace('', self.s)" * 40,
    "joined": "[self.s]" + ".map(x, [x, x, x, x, x, x, x, x].join(x))" * 40,
    "a list that is doubled": "[[1]]" + ".map(x, x + x)" * 40,
    "equal lists of the same lists": "[[1]]{0} == [[1]]{0}".format(".map(x, [x, x])" * 40),
    "text of lists of the same lists": "string([[1]]" + ".map(x, [x, x])" * 40 + ")",
    "a number": "[7]" + ".map(x, x * x)" * 40,
    "a number of many digits": "int('" + "9" * 100 + "')",
    "long texts, walked through again and again": "self.l.all(a, self.l.all(b, !self.long.contains('z')))",
}


@pytest.mark.slow
@pytest.mark.parametrize("text", GROWING.values(), ids=GROWING)
def test_no_expression_grows_beyond_measure(text):
    with pytest.raises(expressions.Failed):
        expressions.evaluate(expressions.parse(text), {"self": {"s": "abcdefgh", "l": list(range(300)), "long": "y" * 1_000_000}})


@pytest.mark.parametrize("text", ["[1] in self.m", "self.m[[1]]", "{[1]: 2}", "{{}: 2}", "self.l[self.m]", "1.0 % 0.0", "[1] == {}",
                                  "self.s.replace(1, 2)", "[1].join('a')", "double('x')"])
def test_types_that_do_not_fit_are_no_fault(text):
    with contextlib.suppress(expressions.Failed):
        assert expressions.evaluate(expressions.parse(text), {"self": SELF}) is False


@pytest.mark.parametrize("text", ["(" * 249 + "1" + ")" * 249, "1 + (" * 124 + "1" + ")" * 124, "1" + " + 1" * 250, "[" * 248 + "1" + "]" * 248])
def test_what_the_compiler_takes_has_a_value_however_deep(text):
    assert expressions.evaluate(expressions.parse(text), {})


@pytest.mark.slow
@pytest.mark.parametrize("text", ["(" * 5_000 + "1" + ")" * 5_000, "1" + " + 1" * 20_000, "-" * 5_000 + "1"], ids=["brackets", "terms", "signs"])
def test_an_expression_that_nests_too_deep_is_one_that_is_not_known(text):
    with pytest.raises(expressions.Unknown):
        found = expressions.parse(text)
        expressions.names(found)
        expressions.evaluate(found, {})


def test_booleans_within_lists_are_no_numbers():
    assert expressions.evaluate(expressions.parse("[true] == [1]"), {}) is False


@pytest.mark.parametrize("path, found", [
    (".a", [1]), (".m.x", ["y"]), (".l[1]", [2]), (".l[*]", [1, 2, 3]), (".l[-1]", [3]), (".missing.x", []), (".big-name", [True]),
    ("{.a}", [1]), (".m['x']", ["y"]), (".a[", []),
])
def test_a_path_finds_values(path, found):
    assert jsonpath.find(SELF, path) == found


def test_a_path_may_filter():
    obj = {"c": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]}
    assert jsonpath.find(obj, '.c[?(@.type=="Ready")].status') == ["True"]
    assert jsonpath.find(obj, ".c[?(@.type!='Ready')].status") == ["False"]


def test_comments_and_long_numbers_are_read_in_one_pass():
    for text in ("/" * 5_000 + "\x00", "// a\n" * 2_000 + "\x00", "9" * 5_000, "0x" + "f" * 5_000, "1 // " * 2_000 + "\x00"):
        with contextlib.suppress(expressions.Unknown):
            expressions.parse(text)
    assert expressions.evaluate(expressions.parse("0123 + 0x10 // sixteen\n + 1u"), {}) == 140
