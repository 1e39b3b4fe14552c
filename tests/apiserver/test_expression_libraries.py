"""What Kubernetes adds to the language of expressions. The values are those of upstream's own tests of these libraries."""
import pytest

from cluster.apiserver.custom import cel, expressions

QUANTITIES = [
    "isQuantity('1.3Gi') && isQuantity('10000k') && !isQuantity('1,3G') && !isQuantity('20Mo') && !isQuantity('10Mm')",
    "quantity('200M').compareTo(quantity('0.2G')) == 0", "quantity('50M').compareTo(quantity('50Mi')) == -1",
    "quantity('50Mi').compareTo(quantity('50M')) == 1", "quantity('150Mi').isGreaterThan(quantity('100Mi'))",
    "!quantity('50Mi').isGreaterThan(quantity('100Mi'))", "quantity('50M').isLessThan(quantity('100M'))",
    "quantity('50k').add(quantity('20k')) == quantity('70k')", "quantity('50k').add(20) == quantity('50020')",
    "quantity('50k').add(20).sub(quantity('100k')).sub(-50000) == quantity('20')", "quantity('50k').sub(20000).asApproximateFloat() == 30000.0",
    "quantity('50k').asInteger() == 50000", "quantity('50000000G').isInteger()", "!quantity('9999999999999999999999999999999999999G').isInteger()",
    "!quantity('1500m').isInteger()", "quantity('-50k').sign() == -1 && quantity('0').sign() == 0 && quantity('50k').sign() == 1",
    "quantity('1Gi') == quantity('1024Mi')", "quantity('1G') != quantity('1Gi')",
    "self.limits.all(name, quantity(self.limits[name]).isLessThan(quantity('2Gi')))",
]
ADDRESSES = [
    "isIP('127.0.0.1') && isIP('::1') && !isIP('127.0.0.256') && !isIP(':::1') && !isIP('fe80::1%en0') && !isIP('::ffff:1.2.3.4')",
    "ip.isCanonical('127.0.0.1') && ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD')",
    "ip('127.0.0.1').family() == 4 && ip('::1').family() == 6", "ip('0.0.0.0').isUnspecified() && !ip('::1').isUnspecified()",
    "ip('127.0.0.1').isLoopback() && !ip('192.168.0.1').isLoopback()", "string(ip('2001:DB8::1')) == '2001:db8::1'",
    "ip('224.0.0.1').isLinkLocalMulticast() && !ip('224.0.1.1').isLinkLocalMulticast()",
    "ip('ff02::1').isLinkLocalMulticast() && !ip('fd00::1').isLinkLocalMulticast()",
    "ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast() && !ip('fd80::1').isLinkLocalUnicast()",
    "ip('192.168.0.1').isGlobalUnicast() && ip('2001:db8::abcd').isGlobalUnicast()",
    "!ip('255.255.255.255').isGlobalUnicast() && !ip('ff00::1').isGlobalUnicast()", "ip('::1') == ip('0:0::1')",
    "isCIDR('192.168.0.0/16') && isCIDR('::1/128') && !isCIDR('192.168.0.0/33') && !isCIDR('::1/129') && !isCIDR('192.168.0.0/255.255.0.0')",
    "cidr('192.168.0.0/24').containsIP(ip('192.168.0.1')) && !cidr('192.168.0.0/24').containsIP('192.168.1.1')",
    "cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && !cidr('192.168.1.0/24').containsCIDR(cidr('192.168.2.0/24'))",
    "!cidr('192.168.10.0/24').containsCIDR('192.168.0.0/16') && !cidr('::/0').containsIP('10.0.0.1')",
    "cidr('192.168.0.1/24').ip() == ip('192.168.0.1')", "cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24')",
    "cidr('192.168.0.1/24') != cidr('192.168.0.1/24').masked()", "cidr('::1/128').prefixLength() == 128",
    "string(cidr('192.168.0.0/24')) == '192.168.0.0/24'",
]
URLS = [
    "isURL('https://example.com:80/') && isURL('/path') && !isURL('../relative-path') && !isURL('https://a:b:c/') && !isURL('')",
    "url('https://example.com/').getScheme() == 'https' && url('/path').getScheme() == ''",
    "url('https://[::1]:80/').getHost() == '[::1]:80' && url('/path').getHost() == ''",
    "url('https://[::1]:80/').getHostname() == '::1' && url('https://127.0.0.1:80/').getHostname() == '127.0.0.1'",
    "url('https://user:secret@example.com:80/').getPort() == '80' && url('https://example.com/').getPort() == ''",
    "url('https://example.com/path with spaces/').getEscapedPath() == '/path%20with%20spaces/'", "url('https://example.com').getEscapedPath() == ''",
    "url('https://example.com/path?k1=a&k2=b&k2=c').getQuery() == {'k1': ['a'], 'k2': ['b', 'c']}",
    "url('https://example.com/path?key with spaces=value with spaces').getQuery() == {'key with spaces': ['value with spaces']}",
]
SETS_AND_TEXTS = [
    "sets.contains([1, 2, 3], [3, 1]) && !sets.contains([1], [1, 2]) && sets.contains([1], [])",
    "sets.equivalent([1, 1], [1]) && !sets.equivalent([1, 2], [1])", "sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], [])",
    "'%s has %d of %s'.format(['a', 3, [1, 'b', true, null, 1.5]]) == 'a has 3 of [1, \"b\", true, null, 1.500000]'",
    "'%s'.format([{'b': 2, 'a': 'x'}]) == '{\"a\":\"x\", \"b\":2}'", "'100%%: %.2f %x %X %b %o'.format([1234.567, 255, 'hi', 5, 8]) == "
    "'100%: 1,234.57 ff 6869 101 10'", "'%s %s'.format([1.5, ip('::1') == ip('::1')]) == '1.5 true'",
]
TIMES = [
    "duration('1h30m') == duration('5400s') && duration('1.5s') < duration('1501ms')",
    "duration('-1m') < duration('0') && duration('.5h') == duration('30m')",
    "duration(self.timeout) > duration('0s')", "self.timeout <= duration('1m') && duration('10s') != self.timeout",
    "duration('90m').getHours() == 1 && duration('90m').getMinutes() == 90 && duration('1m').getMilliseconds() == 60000",
    "string(duration('1h1ms')) == '3600.001s' && string(duration('-1m')) == '-60s'", "int(duration('1us')) == 1000",
    "self.timeout.getSeconds() == 30",
    "timestamp('2026-01-01T00:00:00Z') + duration('24h') == timestamp('2026-01-02T00:00:00Z')",
    "timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')",
    "timestamp('2026-01-01T02:00:00+02:00') == timestamp('2026-01-01T00:00:00Z')", "self.made < timestamp('2026-03-01T00:00:00.5Z')",
    "string(timestamp('2026-01-01T02:00:00.120+02:00')) == '2026-01-01T02:00:00.12+02:00'", "int(timestamp('1970-01-01T00:01:00Z')) == 60",
    "timestamp('2026-03-01T12:34:56.789Z').getMonth() == 2 && timestamp('2026-03-01T12:34:56.789Z').getMilliseconds() == 789",
    "self.made.getDayOfWeek() == 0 && self.made.getDayOfYear() == 59 && self.made.getDate() == 1 && self.made.getDayOfMonth() == 0",
    "self.made.getHours('-02:00') == 22 && self.made.getHours('Asia/Shanghai') == 8", "duration('1s') in [duration('1000ms')]",
    "'%s %s'.format([duration('1s'), [duration('1s')]]) == '1s [duration(\"1s\")]'",
]
FAILING = [
    ("duration('1 hour')", "type conversion error from 'string' to 'google.protobuf.Duration'"), ("duration('')", "type conversion error"),
    ("timestamp('2026-02-30T00:00:00Z')", "type conversion error from 'string' to 'google.protobuf.Timestamp'"),
    ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", "timestamp overflow"),
    ("self.made.getHours('Nowhere/At/All')", "unknown time zone Nowhere/At/All"), ("timestamp('2026-01-01')", "google.protobuf.Timestamp"),
    ("duration('2562047h') + duration('2562047h')", "duration overflow"),
    ("duration('1s') + 1", "no such overload"), ("duration('1s') < timestamp('2026-01-01T00:00:00Z')", "no such overload"),
    ("duration('1h').getFullYear()", "no such overload"), ("timestamp('0001-01-01T00:00:00Z').getHours('-02:00')", "timestamp overflow"),
    ("quantity('Three')", "quantities must match the regular expression"),
    ("quantity('9999999999999999999999G').asInteger()", "cannot convert value to"),
    ("ip('127.0.0.256')", 'IP Address "127.0.0.256" parse error during conversion from string'), ("quantity(5)", "no such overload"),
    ("ip('::ffff:1.2.3.4')", 'IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed'),
    ("cidr('10.0.0.0')", "ParsePrefix\\(\"10.0.0.0\"\\): no '/'"),
    ("ip('fe80::1%en0')", 'IP address "fe80::1%en0" with zone value is not allowed'), ("url('../x')", "URL parse error during conversion"),
    ("'%d'.format(['a'])", "error during formatting: decimal clause can only be used on integers, was given string"),
    ("'%s'.format([])", "index 0 out of range"), ("'%'.format([1])", "unexpected end of string"), ("'%q'.format([1])", "unrecognized formatting"),
    ("'a'.add(1)", "no such overload"), ("'a'.isLoopback()", "no such overload"), ("sets.contains('abc', 'a')", "no such overload"),
    ("'abc'.contains('a', 'b')", "no such overload"), ("quantity('1') < quantity('2')", "no such overload"),
]


@pytest.mark.parametrize("text", QUANTITIES + ADDRESSES + URLS + SETS_AND_TEXTS + TIMES)
def test_an_expression_of_a_library_holds(text):
    subject = {"limits": {"memory": "1Gi", "cpu": "500m"}, "timeout": "30s", "made": "2026-03-01T00:00:00Z"}
    assert expressions.evaluate(expressions.parse(text), {"self": subject}) is True


@pytest.mark.parametrize("text, words", FAILING)
def test_what_cannot_be_read_or_does_not_fit_fails_in_upstreams_words(text, words):
    with pytest.raises(expressions.Failed, match=words.replace("[", r"\[")):
        expressions.evaluate(expressions.parse(text), {"self": {"made": "2026-03-01T00:00:00Z"}})


@pytest.mark.slow
def test_a_text_of_lists_that_hold_one_list_many_times_ends():
    with pytest.raises(expressions.Failed, match="cost budget"):
        expressions.evaluate(expressions.parse("'%s'.format([[1]" + ".map(x, [x, x])" * 25 + "])"), {})


@pytest.mark.parametrize("text", ["semver('1.2.3')", "'a'.quantity()['x']()", "format.named('uri').value()", "'a'.find('b')"])
def test_what_no_library_here_has_is_not_known(text):
    with pytest.raises(expressions.Unknown):
        expressions.parse(text)


@pytest.mark.parametrize("rule, value, said", [
    ({"rule": "quantity(self).isLessThan(quantity('2Gi'))", "message": "less than 2Gi"}, "4Gi", 'Invalid value: "4Gi": less than 2Gi'),
    ({"rule": "duration(self) < duration('1m')", "messageExpression": "'less than 1m, not %s'.format([self])"}, "2m",
     'Invalid value: "2m": less than 1m, not 2m'),
    ({"rule": "duration(self) < duration('1m')"}, "long", 'Invalid value: "string": type conversion error from \'string\' to '
     "'google.protobuf.Duration' evaluating rule: duration(self) < duration('1m')"),
    ({"rule": "self + 1 > 0"}, "x", "Invalid value: \"string\": 'no such overload': call arguments did not match a supported operator, "
                                    "function or macro signature for rule: self + 1 > 0"),
])
def test_a_rule_shows_what_it_refuses(rule, value, said):
    found = cel.rules_of({"type": "object", "properties": {"part": {"type": "string", "x-kubernetes-validations": [rule]}}})
    assert [str(error) for error in found.errors({"part": value}, None)] == [f"part: {said}"]
