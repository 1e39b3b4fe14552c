"""Table: what cannot be read is refused in ash's words (measured with busybox 1.35), after the lines before it were run."""

import pytest

from cluster.runtime.shell.syntax import is_unfinished

from .programs import ran

EXPECTING = [
    ("if true; then", "end of file", "fi"),
    ("if true; echo; fi", '"fi"', "then"),
    ("if", "end of file", "then"),
    ("while true; do", "end of file", "done"),
    ("while true; echo; done", '"done"', "do"),
    ("for x in a; do", "end of file", "done"),
    ("for x in a; echo; done", "word", "do"),
    ("case x in", "end of file", ")"),
    ("case x in a) echo", "end of file", ";;"),
    ("f() {", "end of file", "}"),
    ("{ echo a", "end of file", "}"),
    ("(", "end of file", ")"),
    ("echo $(", "end of file", ")"),
    ("f(x) { a; }", "word", ")"),
]
PLAIN = [
    ("done", 'unexpected "done"'), ("}", 'unexpected "}"'), (")", 'unexpected ")"'), (";;", 'unexpected ";;"'), ("; ;", 'unexpected ";"'),
    ("&& a", 'unexpected "&&"'), ("a && && b", 'unexpected "&&"'), ("a & & b", 'unexpected "&"'), ("a |", "unexpected end of file"),
    ("a >", "unexpected end of file"), ("while true; do done", 'unexpected "done"'), ("f() { }", 'unexpected "}"'),
    ("cat <<< x", "unexpected redirection"), ("a=(1 2)", 'unexpected "("'), ("for ((i=0;i<3;i++)); do :; done", "bad for loop variable"),
    ("for 1 in a; do :; done", "bad for loop variable"), ("echo 'x", "unterminated quoted string"), ('echo "x', "unterminated quoted string"),
    
    (":(){ :|:& };:", "bad function name"), ("exit() { a; }", "bad function name"),
    ("echo $(if)", 'unexpected ")"'), ("x=$(a |)", 'unexpected ")"'), 
    ("echo ${x", "missing '}'"), ("echo ${x!}", "bad substitution"), ("echo $((1", "missing '))'"), ("select x in a; do b; done", 'unexpected "do"'),
]  # fmt: skip


@pytest.mark.parametrize(("script", "words"), PLAIN + [(script, f'unexpected {found} (expecting "{wanted}")') for script, found, wanted in EXPECTING])
def test_a_script_that_cannot_be_read_is_refused_as_ash_refuses_it(script, words):
    ended = ran(f"echo before\n{script}")
    assert ended[:3] == ("before\n", f"sh: syntax error: {words}\n", 2)


def test_a_dollar_sign_before_nothing_is_one():
    assert ran("echo $; x=$; echo $x a$ $|cat; (echo b$)").output == "$\n$ a$ $\nb$\n"


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [("if true\n", True), ("echo 'a\n", True), ("cat <<E\nx\n", True), ("cat <<E\nx\nE\n", False), ("f() {\n", True), ("echo a\n", False),
     ("echo a \\\n", True), ("a |\n", True), (")\n", False), ("echo $(\n", True)],
)  # fmt: skip
def test_a_shell_at_its_prompt_waits_for_the_rest_of_a_command(text, goes_on):
    assert is_unfinished(text) is goes_on


def test_a_pattern_is_refused_only_where_it_could_be_looked_for_without_an_end():
    line = "a" * 3_000
    assert ran(f"echo {line} | grep -c 'a.*b.*c.*d'").errors.endswith("characters is too long for such a regular expression\n")
    assert ran(f"echo {line}9.8.7.6 | grep -oE '[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+'").output == "9.8.7.6\n"
    assert ran(f"echo {line} | sed 's/a*/x/'").output == "x\n"
