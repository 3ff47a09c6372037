"""YAML keeps what was written, and where."""

import pytest

from schemas.manifest_yaml import parse


def test_scalars_are_the_text_as_written() -> None:
    read = parse("a: 00123\nb: no\nc: 1.10\nd: 2026-11-22\ne: [1, x]\n").value
    assert read == {"a": "00123", "b": "no", "c": "1.10", "d": "2026-11-22", "e": ["1", "x"]}


def test_only_what_is_empty_is_none() -> None:
    assert parse("a:\nb: null\nc: ~\nd: 'null'\ne: ''\n").value == {
        "a": None,
        "b": None,
        "c": None,
        "d": "null",
        "e": "",
    }


def test_codes_keep_the_form_of_their_keys() -> None:
    assert parse("codes: {1: male, 02: female, Nữ: other}").value == {
        "codes": {"1": "male", "02": "female", "Nữ": "other"}
    }


@pytest.mark.parametrize("text", ["{dsn: ${file:x}}", "{dsn: '${file:x}'}", "dsn: ${file:x}", 'dsn: "${file:x}"'])
def test_references_may_stand_unquoted_everywhere(text: str) -> None:
    assert parse(text).value == {"dsn": "${file:x}"}


def test_a_reference_within_text() -> None:
    assert parse("{dsn: 'host=${env:HOST} password=${file:p}'}").value["dsn"] == "host=${env:HOST} password=${file:p}"


def test_lines_are_those_of_the_keys() -> None:
    lines = parse("a: 1\nb:\n  - c: 2\n    d:\n      e: 3\n").lines
    assert lines.of(()) == 1
    assert lines.of(("b",)) == 2
    assert lines.of(("b", 0, "d", "e")) == 5
    assert lines.of(("b", 0, "d", "missing")) == 4


def test_steps_that_the_file_does_not_hold_are_passed_over() -> None:
    assert parse("publishes:\n  person:\n    from: x\n").lines.of(("publishes", "person", 0, "from")) == 3


@pytest.mark.parametrize(
    ("text", "line", "message", "remedy"),
    [
        ("a: 1\nb: [1\n", 3, "not YAML", "missing quote, colon or bracket"),
        ("a:\n\tb: 1\n", 2, "not YAML", "not with tabs"),
        ("a: {b: ${secret:x}}\n", 1, "not YAML", "${file:name}"),
        ("a: 1\na: 2\n", 2, "`a` stands twice", "keep one"),
        ("? [1, 2]\n: x\n", 1, "not a word", "word: value"),
        ("a: &x\n  b: *x\n", 1, "contains itself", "without the alias"),
        ("", 1, "empty", "write a manifest"),
        ("# nothing\n", 1, "empty", "write a manifest"),
        ("a: \x00\n", 1, "not YAML", "UTF-8"),
    ],
)
def test_faults_name_line_and_remedy(text: str, line: int, message: str, remedy: str) -> None:
    [fault] = parse(text).faults
    assert fault.line == line
    assert message in fault.message
    assert remedy in fault.remedy


def test_an_alias_stands_for_what_it_names() -> None:
    assert parse("a: &x {b: 1}\nc: *x\n").value == {"a": {"b": "1"}, "c": {"b": "1"}}
