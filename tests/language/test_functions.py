"""Every function of the standard table gives what Microsoft's reference of template functions says it gives."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from scanner.language.expressions import compile_expression
from scanner.language.functions import STANDARD
from scanner.language.functions.dates import parse_date
from scanner.language.functions.table import EvaluationError, Function, FunctionTable
from scanner.model.unknown import Unknown


@dataclass(frozen=True)
class Clock:
    now: datetime = datetime(2019, 3, 5, 17, 53, 18, 123456, tzinfo=UTC)

    def new_guid(self) -> uuid.UUID:
        return uuid.UUID("b76a51fc-bd72-4a77-b9a2-3c29e7d2e551")


THREE = "createArray('one', 'two', 'three')"
DOGS = """json('[{"name":"Evie","age":5,"interests":["Ball","Frisbee"]},{"name":"Casper","age":3,"interests":["Other dogs"]},{"name":"Indy","age":2,"interests":["Butter"]},{"name":"Kira","age":8,"interests":["Rubs"]}]')"""


def names(expression: str) -> str:
    return f"map({expression}, lambda('d', lambdaVariables('d').name))"


ROWS: list[tuple[str, Any]] = [
    # arrays
    ("array(1)", [1]),
    ("array('efgh')", ["efgh"]),
    ("array(createObject('a', 'b'))", [{"a": "b"}]),
    ("array(createArray(1))", [1]),
    ("concat(createArray('1-1', '1-2'), createArray('2-1'))", ["1-1", "1-2", "2-1"]),
    ("concat('prefix-', 5, true())", "prefix-5True"),
    ("contains('OneTwoThree', 'e')", True),
    ("contains('OneTwoThree', 'z')", False),
    ("contains('OneTwoThree', 'one')", False),
    ("contains(createObject('one', 'a', 'two', 'b'), 'ONE')", True),
    ("contains(createObject('one', 'a', 'two', 'b'), 'three')", False),
    (f"contains({THREE}, 'three')", True),
    (f"contains({THREE}, 'four')", False),
    ("contains(createArray(1), true())", False),
    ("contains(createArray(createArray(1)), createArray(true()))", False),
    ("createArray('a', 'b', 'c')", ["a", "b", "c"]),
    ("createArray(1, createArray(2))", [1, [2]]),
    ("createArray()", []),
    ("empty(createArray())", True),
    ("flatten(createArray(createArray('one', 'two'), createArray('three'), createArray()))", ["one", "two", "three"]),
    (f"indexFromEnd({THREE}, 2)", "two"),
    (f"tryIndexFromEnd({THREE}, 4)", None),
    ("tryIndexFromEnd(null(), 1)", None),
    ("empty(createObject())", True),
    ("empty('')", True),
    ("empty(null())", True),
    ("empty('0')", False),
    (f"filter({DOGS}, lambda('dog', greaterOrEquals(lambdaVariables('dog').age, 5)))[1].name", "Kira"),
    ("filter(range(0, 10), lambda('i', greater(lambdaVariables('i'), 5)))", [6, 7, 8, 9]),
    ("filter(createArray('a', 'b'), lambda('x', 'at', equals(lambdaVariables('at'), 1)))", ["b"]),
    (f"first({THREE})", "one"),
    ("first('One Two Three')", "O"),
    ("first('')", ""),
    ("first(createArray())", None),
    (
        "groupBy(createArray('foo', 'bar', 'baz'), lambda('x', substring(lambdaVariables('x'), 0, 1)))",
        {"f": ["foo"], "b": ["bar", "baz"]},
    ),
    ("indexOf('test', 't')", 0),
    ("indexOf('abcdef', 'CD')", 2),
    ("indexOf('abcdef', 'z')", -1),
    ("indexOf(createArray('one', 'two', 'three', 'two'), 'two')", 1),
    ("intersection(createArray('one', 'two', 'three'), createArray('two', 'three'))", ["two", "three"]),
    (
        """intersection(json('{"one":"a","two":"b","three":"c"}'), json('{"one":"a","two":"z","three":"c"}'))""",
        {"one": "a", "three": "c"},
    ),
    (f"last({THREE})", "three"),
    ("last('One Two Three')", "e"),
    ("lastIndexOf('test', 't')", 3),
    ("lastIndexOf('abcdef', 'AB')", 0),
    ("lastIndexOf('abcdef', 'z')", -1),
    ("lastIndexOf(createArray('one', 'two', 'three', 'two'), 'two')", 3),
    (f"length({THREE})", 3),
    ("length('One Two Three')", 13),
    ("""length(json('{"propA":"one","propB":"two","propC":"three","propD":{"propD-1":"sub"}}'))""", 4),
    (
        f"map({DOGS}, lambda('dog', concat('Hello ', lambdaVariables('dog').name, '!')))",
        ["Hello Evie!", "Hello Casper!", "Hello Indy!", "Hello Kira!"],
    ),
    ("map(createArray('a', 'b'), lambda('x', 'at', lambdaVariables('at')))", [0, 1]),
    (
        "map(range(0, 2), lambda('i', map(range(0, 2), lambda('j', add(lambdaVariables('i'), lambdaVariables('j'))))))",
        [[0, 1], [1, 2]],
    ),
    (
        "mapValues(createObject('foo', 'foo', 'bar', 'bar'), lambda('v', toUpper(lambdaVariables('v'))))",
        {"foo": "FOO", "bar": "BAR"},
    ),
    ("range(5, 3)", [5, 6, 7]),
    (
        f"reduce(map({DOGS}, lambda('dog', lambdaVariables('dog').age)), 0, lambda('cur', 'next', add(lambdaVariables('cur'), lambdaVariables('next'))))",
        18,
    ),
    (
        "reduce(createArray('a', 'b'), '', lambda('cur', 'next', 'at', concat(lambdaVariables('cur'), lambdaVariables('next'), lambdaVariables('at'))))",
        "a0b1",
    ),
    (f"skip({THREE}, 2)", ["three"]),
    ("skip('one two three', 4)", "two three"),
    (f"skip({THREE}, -1)", ["one", "two", "three"]),
    (
        names(f"sort({DOGS}, lambda('a', 'b', less(lambdaVariables('a').age, lambdaVariables('b').age)))"),
        ["Indy", "Casper", "Evie", "Kira"],
    ),
    (f"take({THREE}, 2)", ["one", "two"]),
    ("take('one two three', 2)", "on"),
    ("take('one', 0)", ""),
    (
        f"toObject({DOGS}, lambda('e', lambdaVariables('e').name), lambda('e', lambdaVariables('e').age))",
        {"Evie": 5, "Casper": 3, "Indy": 2, "Kira": 8},
    ),
    ("toObject(createArray('a', 'b'), lambda('e', toUpper(lambdaVariables('e'))))", {"A": "a", "B": "b"}),
    ("union(createArray('one', 'two', 'three'), createArray('three', 'four'))", ["one", "two", "three", "four"]),
    (
        """union(json('{"one":"a","two":"b","three":"c1"}'), json('{"three":"c2","four":"d"}'))""",
        {"one": "a", "two": "b", "three": "c2", "four": "d"},
    ),
    ("""union(json('{"p":{"one":"a","two":"b"}}'), json('{"p":{"two":"z"}}'))""", {"p": {"one": "a", "two": "z"}}),
    # dates
    ("addDays('2026-01-31T00:00:00Z', 1)", "2026-02-01T00:00:00.0000000Z"),
    ("addDays('20260101T000000Z', -1)", "2025-12-31T00:00:00.0000000Z"),
    ("ageDays('2019-03-01T17:53:19Z')", 3),
    ("ageDays('2019-03-06T00:00:00Z')", -1),
    ("dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')", "2023-04-07 14:53:14Z"),
    ("dateTimeAdd('2020-04-07 14:53:14Z', '-P9D')", "2020-03-29 14:53:14Z"),
    ("dateTimeAdd('2020-04-07 14:53:14Z', 'PT1H')", "2020-04-07 15:53:14Z"),
    ("dateTimeAdd('2023-01-01T00:00:00Z', 'P1Y')", "2024-01-01T00:00:00Z"),
    ("dateTimeAdd('2024-01-01T00:00:00Z', 'P1Y')", "2024-12-31T00:00:00Z"),
    ("dateTimeAdd('2023-02-01T00:00:00Z', 'P1M')", "2023-03-03T00:00:00Z"),
    ("dateTimeAdd('2024-02-01T00:00:00Z', 'P1M')", "2024-03-02T00:00:00Z"),
    ("dateTimeAdd('9999-12-01T00:00:00Z', 'P1W')", "9999-12-08T00:00:00Z"),
    ("dateTimeAdd(utcNow(), 'P1DT2H3M4S')", "20190306T195622Z"),
    ("dateTimeAdd('2020-04-07 14:53:14Z', 'PT1H', 'yyyy/M/d h:mm tt')", "2020/4/7 3:53 PM"),
    ("dateTimeFromEpoch(1683040573)", "2023-05-02T15:16:13Z"),
    ("dateTimeToEpoch('2023-05-02T15:16:13Z')", 1683040573),
    ("dateTimeToEpoch(dateTimeFromEpoch(1683040573))", 1683040573),
    ("utcNow()", "20190305T175318Z"),
    ("utcNow('d')", "03/05/2019"),
    ("utcNow('M d')", "3 5"),
    ("utcNow('u')", "2019-03-05 17:53:18Z"),
    ("utcNow('o')", "2019-03-05T17:53:18.1234560Z"),
    ("utcNow('R')", "Tue, 05 Mar 2019 17:53:18 GMT"),
    ("utcNow('D')", "Tuesday, 05 March 2019"),
    (r"utcNow('yy MMM HH ''at'' \d fff zzz 100%')", "19 Mar 17 at d 123 +00:00 100%"),
    # logic
    ("and(bool('true'), bool('false'))", False),
    ("and(true(), true(), true())", True),
    ("bool('true')", True),
    ("bool(1)", True),
    ("bool('False')", False),
    ("bool(0)", False),
    ("coalesce(null(), null(), 'default')", "default"),
    ("coalesce(null(), 1, 2)", 1),
    ("coalesce(null())", None),
    ("equals(1, 1)", True),
    ("equals(1, 2)", False),
    ("equals('a', 'a')", True),
    ("equals('a', 'A')", False),
    ("equals(createArray('a', 'b'), createArray('a', 'b'))", True),
    ("equals(createObject('a', 1), createObject('a', true()))", False),
    ("equals(1, true())", False),
    ("false()", False),
    ("greater(1, 2)", False),
    ("greater('a', 'b')", False),
    ("greaterOrEquals(2, 2)", True),
    ("greaterOrEquals('A', 'a')", False),
    ("if(equals('a', 'a'), 'yes', 'no')", "yes"),
    ("if(equals('a', 'b'), div(1, 0), createObject('test', 'value1'))", {"test": "value1"}),
    ("less(1, 2)", True),
    ("less('b', 'a')", False),
    ("lessOrEquals(1, 2)", True),
    ("lessOrEquals(3, 2)", False),
    ("not(bool('true'))", False),
    ("not(equals(1, 2))", True),
    ("or(bool('true'), bool('false'))", True),
    ("or(false(), false(), false())", False),
    ("true()", True),
    ("tryGet(createArray('one', 'two'), 1)", "two"),
    ("tryGet(createArray('one', 'two'), 2)", None),
    ("tryGet(createObject('a', createObject('b', 7)), 'A', 'b')", 7),
    ("tryGet(createObject('a', 1), 'z', 'b')", None),
    ("tryGet(createObject('a', 1), createArray())", None),
    # numbers
    ("add(5, 3)", 8),
    ("div(8, 3)", 2),
    ("div(-8, 3)", -2),
    ("float('3.14')", 3.14),
    ("float(3)", 3.0),
    ("int('4')", 4),
    ("int(float('-4.9'))", -4),
    ("max(createArray(0, 3, 2, 5, 4))", 5),
    ("max(0, 3, 2, 5, 4)", 5),
    ("min(createArray(0, 3, 2, 5, 4))", 0),
    ("min(0, 3, 2, 5, 4)", 0),
    ("mod(7, 3)", 1),
    ("mod(-7, 3)", -1),
    ("mul(5, 3)", 15),
    ("sub(7, 3)", 4),
    ("versionCompare('1.2', '1.10')", -1),
    ("versionCompare('1.2', '1.2.0')", 0),
    ("versionCompare('2', '1.9.9')", 1),
    # objects
    ("createObject('intProp', 1, 'boolProp', true(), 'nullProp', null())", {"intProp": 1, "boolProp": True, "nullProp": None}),
    ("items(createObject('item002', 2, 'item001', 1))", [{"key": "item001", "value": 1}, {"key": "item002", "value": 2}]),
    ("""json('{"a":"b"}')""", {"a": "b"}),
    ("json('null')", None),
    ("null()", None),
    ("objectKeys(createObject('a', 1, 'b', 2))", ["a", "b"]),
    (
        "shallowMerge(createArray(createObject('one', createObject('x', 1)), createObject('one', createObject('y', 2))))",
        {"one": {"y": 2}},
    ),
    # text
    ("base64('one, two, three')", "b25lLCB0d28sIHRocmVl"),
    ('base64ToJson(base64(\'{"one": "a", "two": "b"}\'))', {"one": "a", "two": "b"}),
    ("base64ToString('b25lLCB0d28sIHRocmVl')", "one, two, three"),
    ("dataUri('Hello')", "data:text/plain;charset=utf8;base64,SGVsbG8="),
    ("dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')", "Hello, World!"),
    ("dataUriToString('data:,Hello%2C%20World!')", "Hello, World!"),
    ("endsWith('abcdef', 'ef')", True),
    ("endsWith('abcdef', 'F')", True),
    ("endsWith('abcdef', 'e')", False),
    ("format('{0}, {1}. Formatted number: {2:N0}', 'Hello', 'User', 8175133)", "Hello, User. Formatted number: 8,175,133"),
    ("format('{{{0:D5}|{0:x4}|{1,4}|{1,-4}|}}', -5, 'ab')", "{-00005|fffffffffffffffb|  ab|ab  |}"),
    ("guid('a', 'b')", str(uuid.uuid5(uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830"), "a-b"))),
    ("join(createArray('one', 'two', 'three'), ',')", "one,two,three"),
    ("newGuid()", "b76a51fc-bd72-4a77-b9a2-3c29e7d2e551"),
    ("padLeft('123', 10, '0')", "0000000123"),
    ("padLeft(123, 5)", "  123"),
    ("replace('123-123-1234', '-', '')", "1231231234"),
    ("replace('123-123-1234', '1234', 'xxxx')", "123-123-xxxx"),
    ("split('one,two,three', ',')", ["one", "two", "three"]),
    ("split('one;two,three', createArray(',', ';'))", ["one", "two", "three"]),
    ("startsWith('abcdef', 'ab')", True),
    ("startsWith('abcdef', 'A')", True),
    ("startsWith('abcdef', 'e')", False),
    ("string(createObject('valueA', 10, 'valueB', 'Example Text'))", '{"valueA":10,"valueB":"Example Text"}'),
    ("string(createArray('a', 'b', 'c'))", '["a","b","c"]'),
    ("string(5)", "5"),
    ("string(true())", "True"),
    ("substring('one two three', 4, 3)", "two"),
    ("substring('one two three', 8)", "three"),
    ("policy().assignmentId", Unknown.because("policy(): known only to the assignment that Azure Policy evaluates")),
    ("requestContext().apiVersion", Unknown.because("requestContext(): known only while Azure Policy evaluates a request")),
    ("uniqueString('test')", "rbgf3xv4ufgzg"),
    # prefixes of addresses
    (
        "parseCidr('10.144.0.0/20')",
        {
            "network": "10.144.0.0",
            "netmask": "255.255.240.0",
            "broadcast": "10.144.15.255",
            "firstUsable": "10.144.0.1",
            "lastUsable": "10.144.15.254",
            "cidr": 20,
        },
    ),
    (
        "parseCidr('fdad:3236:5555::/48')",
        {
            "network": "fdad:3236:5555::",
            "netmask": "ffff:ffff:ffff::",
            "firstUsable": "fdad:3236:5555::",
            "lastUsable": "fdad:3236:5555:ffff:ffff:ffff:ffff:ffff",
            "cidr": 48,
        },
    ),
    ("cidrSubnet('10.144.0.0/20', 24, 4)", "10.144.4.0/24"),
    ("cidrSubnet('fdad:3236:5555::/48', 52, 1)", "fdad:3236:5555:1000::/52"),
    ("cidrHost('10.144.3.0/24', 0)", "10.144.3.1"),
    ("cidrHost('fdad:3236:5555:3000::/52', 4)", "fdad:3236:5555:3000::5"),
    ("ipRangeContains('10.0.0.0/16', '10.0.7.0/24')", True),
    ("ipRangeContains('10.0.0.0-10.0.0.9', '10.0.0.10')", False),
    ("ipRangeContains('10.0.0.0/16', 'fdad::1')", False),
    ("toLower('One Two Three')", "one two three"),
    ("toUpper('One Two Three')", "ONE TWO THREE"),
    ("trim('    one two three   ')", "one two three"),
    ("uri('http://contoso.org/firstpath', 'myscript.sh')", "http://contoso.org/myscript.sh"),
    ("uri('http://contoso.com/resources/', 'nested/azuredeploy.json')", "http://contoso.com/resources/nested/azuredeploy.json"),
    (
        "uriComponent('http://contoso.com/resources/nested/azuredeploy.json')",
        "http%3A%2F%2Fcontoso.com%2Fresources%2Fnested%2Fazuredeploy.json",
    ),
    (
        "uriComponentToString('http%3A%2F%2Fcontoso.com%2Fresources%2Fnested%2Fazuredeploy.json')",
        "http://contoso.com/resources/nested/azuredeploy.json",
    ),
]


@pytest.mark.parametrize(("expression", "value"), ROWS)
def test_a_documented_example_gives_the_documented_value(expression: str, value: Any) -> None:
    found = compile_expression(f"[{expression}]", STANDARD).strict(Clock())
    assert (found, type(found)) == (value, type(value))


def test_every_function_has_an_example() -> None:
    called = {call.name.lower() for row in ROWS for call in compile_expression(f"[{row[0]}]", STANDARD).calls}
    assert [name for name in STANDARD.names() if name.lower() not in called] == []


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("concat('a', createArray())", "concat: joins arrays with arrays, or values as text; not both"),
        ("contains(1, 1)", "contains: looks into text, arrays and objects, not an integer"),
        ("length(true())", "length: cannot be asked of a boolean"),
        ("first(1)", "first: expected text or an array, got an integer"),
        ("range(0, 10001)", "range: makes 0 to 10000 integers"),
        ("range(0, -1)", "range: makes 0 to 10000 integers"),
        ("add(true(), 1)", "add: expected an integer, got a boolean"),
        ("add(9223372036854775807, 1)", "add: the result does not fit into 64 bits"),
        ("sub(-9223372036854775807, 2)", "sub: the result does not fit into 64 bits"),
        ("div(1, 0)", "div: cannot divide by zero"),
        ("mod(1, 0)", "mod: cannot divide by zero"),
        ("int('four')", "int: cannot turn 'four' into an integer"),
        ("min('a')", "min: expected an integer, got text"),
        ("versionCompare('1.x', '1')", "versionCompare: expected a version such as 1.2, got '1.x'"),
        ("bool('maybe')", "bool: cannot turn text into a boolean"),
        ("not('true')", "not: expected a boolean, got text"),
        ("if('yes', 1, 2)", "expected a boolean, got text"),
        ("greater('a', 1)", "greater: compares two numbers or two texts, not text and an integer"),
        ("createObject('a')", "createObject: takes pairs of name and value"),
        ("createObject(1, 2)", "createObject: expected text, got an integer"),
        ("json('{')", "json: the text is not JSON"),
        ("json('NaN')", "json: NaN is not JSON"),
        ("base64ToJson(base64('[-Infinity]'))", "base64ToJson: -Infinity is not JSON"),
        ("shallowMerge(createObject())", "shallowMerge: takes an array of objects"),
        ("base64ToString('%')", "base64ToString: the text is not base64 of UTF-8"),
        ("dataUriToString('Hello')", "dataUriToString: the text is no data URI"),
        ("format('{1}', 'a')", "format: the format asks for value 1, 1 are given"),
        ("padLeft('a', 5, 'xy')", "padLeft: takes a width up to 10000 and one character"),
        ("replace('a', '', 'b')", "replace: cannot replace nothing"),
        ("substring('abc', 2, 2)", "substring: 2 and 2 lie outside of 3 characters"),
        ("substring('abc', 4)", "substring: 4 and -1 lie outside of 3 characters"),
        ("ageDays('soon')", "ageDays: 'soon' is not a date"),
        ("dateTimeAdd('2020-01-01', '9D')", "dateTimeAdd: '9D' is not an ISO 8601 duration such as P90D"),
        ("dateTimeAdd('2020-01-01', 'P')", "dateTimeAdd: 'P' is not an ISO 8601 duration such as P90D"),
        ("dateTimeAdd('2020-01-01', 'P9999Y')", "dateTimeAdd: the date leaves the calendar"),
        ("dateTimeAdd('2020-01-01', 'P99999999999999999999D')", "dateTimeAdd: the date leaves the calendar"),
        ("addDays('2020-01-01', 99999999)", "addDays: the date leaves the calendar"),
        ("dateTimeFromEpoch(999999999999999)", "dateTimeFromEpoch: the number of seconds leaves the calendar"),
        ("tryGet('text', 'a')", "tryGet: text stands where an object or array is due"),
        ("tryGet(createObject('a', 7), 'a', 'b')", "tryGet: an integer stands where an object or array is due"),
        ("tryGet(createArray(1), 'a')", "tryGet: an array stands where an object or array is due"),
        ("utcNow('q')", "utcNow: 'q' is no standard date format: known are d, D, o, O, r, R, s, t, T, u, f, F, g, G, m, M, U, y, Y"),
        ("utcNow('')", "utcNow: '' is no standard date format: known are d, D, o, O, r, R, s, t, T, u, f, F, g, G, m, M, U, y, Y"),
        ("utcNow('yyyyyyyy')", "utcNow: 'yyyyyyyy' is no part of a date format"),
        ("map(createArray(1), 'x')", "map: expected a lambda"),
        ("map(createArray(1), lambda('x', 'y', 'z', 1))", "map: the lambda takes 3 variables, 2 are given"),
        ("filter(createArray(1), lambda('x', 'yes'))", "filter: the lambda must give a boolean, gave text"),
        ("lambdaVariables('x')", "lambdaVariables: stands in no lambda"),
        ("map(createArray(1), lambda('x', lambdaVariables('y')))", "lambdaVariables: no lambda around this has a variable 'y'"),
        ("createArray(lambda('x', 1))", "createArray takes no lambda"),
        ("string(lambda('x', 1))", "string takes no lambda"),
        ("lambda('x', 1)", "a lambda is no value: it stands only as the argument of a function"),
    ],
)  # fmt: skip
def test_arguments_that_a_function_cannot_work_with_are_refused_in_words(expression: str, reason: str) -> None:
    compiled = compile_expression(f"[{expression}]", STANDARD)
    with pytest.raises(EvaluationError) as refused:
        compiled.strict(Clock())
    found = str(refused.value)
    assert found.removeprefix("map: ") == reason.removeprefix("map: ")
    assert compiled.evaluate(Clock()) == Unknown.because(f"{found} in [{expression}]")


@pytest.mark.parametrize(
    "expression",
    [
        "reduce(range(0, 9999), 2, lambda('a', 'b', mul(lambdaVariables('a'), lambdaVariables('a'))))",
        "reduce(range(0, 9999), 'xy', lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))",
        "reduce(range(0, 9999), createArray(1), lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))",
    ],
)
def test_a_value_that_doubles_without_end_is_unknown_instead_of_filling_the_machine(expression: str) -> None:
    assert isinstance(compile_expression(f"[{expression}]", STANDARD).evaluate(Clock()), Unknown)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.1234567Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02t03:04:05z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_every_form_that_arm_returns(written: str, moment: datetime) -> None:
    assert parse_date(written) == moment


@pytest.mark.parametrize("written", ["", "yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", 7, None])
def test_what_is_no_date_is_refused(written: Any) -> None:
    with pytest.raises(EvaluationError):
        parse_date(written)


def test_the_clock_prints_in_utc_whatever_its_zone() -> None:
    east = Clock(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))))
    assert compile_expression("[utcNow('s')]", STANDARD).evaluate(east) == "2025-12-31T23:00:00"


def test_a_table_finds_names_in_any_case_and_refuses_a_second_of_the_same() -> None:
    one = Function("one", 0, 0, lambda: 1)
    table = FunctionTable((one,))
    assert (table.get("ONE"), table.get("two"), table.suggest("onee"), table.suggest("zzz")) == (one, None, "one", "")
    with pytest.raises(ValueError, match="function One is defined twice"):
        table.extended(Function("One", 0, 0, lambda: 1))
