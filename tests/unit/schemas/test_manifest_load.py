"""A folder of manifests: every error of every file at once, with its line and what to write instead."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from console.kinds import known_kinds
from schemas.manifest_connect import Kinds
from schemas.manifest_load import load_manifests
from schemas.manifest_yaml import Problem

CITY = Path(__file__).parents[3] / "deploy" / "hanoi" / "systems"


class Connect(BaseModel):
    model_config = ConfigDict(extra="forbid")
    dsn: str
    port: int = 5432
    slot: str | None = None


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


KINDS = Kinds(
    sources={"postgres": Connect, "outbox": Connect, "loose": Anything}, sinks={"postgres": Connect, "mail": Connect}
)

PUBLISHER = """\
system: a
connect:
  kind: postgres
  dsn: ${file:a_dsn}
publishes:
  person:
    from: public.people
    key: {citizen_id: cccd, else: id}
    fields:
      full_name: ten
      sex: {from: gt, codes: {1: male, 2: female}}
    owns: [full_name, sex, existence]
"""
SUBSCRIBER = """\
system: b
connect: {kind: postgres, dsn: ${file:b_dsn}}
subscribes:
  person:
    into: public.people
    key: {ma: key}
    fields:
      ten: full_name
      ngay: {from: birth_date, format: dd/MM/yyyy}
    where: ward == '00004'
    purpose: thử
"""


def load(folder: Path, **files: str) -> list[Problem]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_manifests(folder, KINDS).problems


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_the_city_has_no_problems() -> None:
    loaded = load_manifests(CITY, known_kinds())
    assert [str(problem) for problem in loaded.problems] == []
    systems = [manifest.system for manifest in loaded.manifests]
    assert systems == ["bao_cao", "dan_cu", "dkkd", "ho_tich", "suc_khoe"]


def test_sound_manifests_have_no_problems(tmp_path: Path) -> None:
    assert load(tmp_path, a=PUBLISHER, b=SUBSCRIBER) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "remedy"),
    [
        ("connect:\n", "conect: x\nconnect:\n", 2, "unknown field `conect`", "did you mean `connect`?"),
        ("    from: public.people\n", "", 6, "`from` is missing", "add `from:`"),
        ("from: public.people", "from:", 7, "`from` is missing", "add `from:`"),
        ("from: public.people", "from: [a, b]", 7, "`from` has the wrong form", "a word or text"),
        ("  person:\n", "  persons:\n", 6, "unknown entity `persons`", "did you mean `person`?"),
        ("full_name: ten", "ful_name: ten\n      full_name: t", 10, "no field `ful_name`", "did you mean `full_name`?"),
        ("full_name: ten", "full_name: {form: ten}", 10, "unknown field `form`", "did you mean `from`?"),
        (
            "full_name: ten",
            "full_name: ten\n      phone: {from: p, format: e146}",
            11,
            "unknown format `e146`",
            "`e164`",
        ),
        ("full_name: ten", "full_name: {from: ten, format: x}", 10, "unknown format `x`", "leave `format` out"),
        ("2: female", "2: femal", 11, "code `2` means `femal`", "did you mean `female`?"),
        ("codes: {1: male, 2: female}", "codes: {}", 11, "`codes` is empty", "list the system's codes"),
        ("citizen_id: cccd", "cccd: cccd", 8, "unknown identifier `cccd`", "use one of: agency_code, "),
        (", else: id", "", 8, "no `else`", "name the column"),
        ("citizen_id: cccd", "citizen_id: cccd, oldid: c", 8, "unknown identifier `oldid`", "did you mean `old_id`?"),
        ("citizen_id: cccd", "citizen_id: cccd, old_id: cccd", 8, "a column stands twice", "name each column once"),
        ("citizen_id: cccd", "citizen_id: [cccd]", 8, "has the wrong form", "a word or text"),
        ("    fields:\n", "    also:\n      cu: [x]\n    fields:\n", 10, "`cu` has the wrong form", "a word or text"),
        ("owns: [full_name,", "owns: [fullname,", 12, "owns `fullname`", "did you mean `full_name`?"),
        ("owns: [full_name,", "owns: [ward,", 12, "owns `ward` without publishing it", "map `ward`"),
        ("owns: [full_name, sex, existence]", "owns: full_name", 12, "`owns` has the wrong form", "a list"),
        ("kind: postgres", "kind: postgre", 3, "unknown kind `postgre`", "did you mean `postgres`?"),
        ("kind: postgres", "kind: mail", 5, "kind `mail` can only be written to", "postgres"),
        ("  kind: postgres\n", "", 2, "no `kind`", "say how the system is reached"),
        (
            "full_name: ten",
            "full_name: ten\n      ward: {from: xa, format: before_2025}",
            11,
            "unknown format `before_2025` of a field of kind ward",
            "did you mean `before_2025-07-01`?",
        ),
        ("    owns:", "    encoding: tcvn\n    owns:", 12, "unknown encoding `tcvn`", "did you mean `tcvn3`?"),
        ("full_name: ten", "full_name: {from: ten, encoding: abc}", 10, "unknown encoding `abc`", "cp1258, tcvn3, uni"),
        ("full_name: ten", "full_name: {from: ten, encodin: vni}", 10, "unknown field `encodin`", "`encoding`?"),
        ("dsn: ${file:a_dsn}", "slot: x", 2, "setting `dsn` is missing", "add `dsn:`"),
        ("dsn: ${file:a_dsn}", "dsn: ${file:a}\n  slott: x", 5, "unknown setting `slott`", "did you mean `slot`?"),
        ("dsn: ${file:a_dsn}", "dsn: ${file:a}\n  port: x", 5, "setting `port`", "correct it"),
        ("dsn: ${file:a_dsn}", "dsn: ${fil:a}", 4, "a malformed reference", "${file:name}"),
        ("dsn: ${file:a_dsn}", "dsn: ${file:a b}", 4, "a malformed reference", "${file:name}"),
        ("dsn: ${file:a_dsn}", "dsn: host=h password=hunter2", 4, "password written out", "secrets folder"),
        ("dsn: ${file:a_dsn}", "dsn: postgresql://u:hunter2@h/d", 4, "password written out", "secrets folder"),
        ("system: a", "system: c", 1, "system `c` in a file of another name", "c.yaml"),
        ("system: a", "system: A", 1, "`system` cannot be 'A'", "small letters"),
        ("system: a\n", "", 1, "`system` is missing", "add `system:`"),
        ("system: a\n", "system: a\ncadence: 10\n", 2, "`cadence` cannot be '10'", "e.g. 10s"),
        ("system: a\n", "system: a\nname: {vi: A}\n", 2, "`en` is missing", "add `en:`"),
        ("sex: {from: gt,", "sex: {form: gt,", 11, "unknown field `form`", "did you mean `from`?"),
    ],
)
def test_a_publisher_with_one_error(  # noqa: PLR0917
    tmp_path: Path, old: str, new: str, line: int, message: str, remedy: str
) -> None:
    found = load(tmp_path, a=changed(PUBLISHER, old, new))
    [problem] = [one for one in found if message in one.message]
    assert (problem.file, problem.line) == ("a.yaml", line)
    assert remedy in problem.remedy
    # A misspelled `from` is missing too; nothing else may be said of one error.
    assert len(found) == 1 + ("form:" in new)


ALSO = changed(
    changed(PUBLISHER, "    fields:\n", "    also:\n      cu: citizen_id\n    fields:\n      citizen_id: cccd\n"),
    "owns: [full_name,",
    "owns: [citizen_id, full_name,",
)


def test_the_authority_for_an_identifier_may_state_others(tmp_path: Path) -> None:
    assert load(tmp_path, a=ALSO) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "remedy"),
    [
        ("cu: citizen_id", "cu: citizenid", 10, "unknown identifier `citizenid`", "`citizen_id`"),
        ("cu: citizen_id", "cccd: old_id", 10, "`cccd` is part of the key", "leave it out here"),
        ("owns: [citizen_id, ", "owns: [", 9, "does not own `citizen_id`", "add `citizen_id` to `owns`"),
        ("key: {citizen_id: cccd, ", "key: {", 9, "without an identifier of its own", "under `key`"),
        ("key: {citizen_id: cccd, ", "key: {key: ma, ", 9, "without an identifier of its own", "under `key`"),
    ],
)
def test_what_else_a_row_may_state(  # noqa: PLR0917
    tmp_path: Path, old: str, new: str, line: int, message: str, remedy: str
) -> None:
    [problem] = load(tmp_path, a=changed(ALSO, old, new))
    assert (problem.file, problem.line) == ("a.yaml", line)
    assert message in problem.message
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "remedy"),
    [
        ("    purpose: thử\n", "", 4, "subscriber of `person` with no purpose", "what the data is needed for"),
        ("ten: full_name", "ten: name", 8, "no field `name`", "did you mean `full_name`?"),
        ("ten: full_name", "ma: full_name", 8, "column `ma` is the key too", "leave it out"),
        ("format: dd/MM/yyyy", "format: dd/mm/yyyy", 9, "unknown format `dd/mm/yyyy`", "did you mean `dd/MM/yyyy`?"),
        ("format: dd/MM/yyyy", "format: yyyyMMddHHmm", 9, "format `yyyyMMddHHmm` can be read, and not", "yyyyMMdd"),
        (
            "ten: full_name",
            "ten: full_name\n      xa: {from: ward, format: before_2025-07-01}",
            9,
            "format `before_2025-07-01` can be read, and not written",
            "use one of: since_2025-07-01",
        ),
        ("ten: full_name", "ten: {from: full_name, encoding: vni}", 8, "unknown field `encoding`", "use one of"),
        ("{ma: key}", "{ma: cccd}", 6, "unknown identifier `cccd`", "key"),
        ("{ma: key}", "{ma: key, so: citizen_id}", 6, "one column must be the key", "write"),
        ("ward == '00004'", "ward == 00004", 10, "reading the filter", "ward == '00123'"),
        ("ward == '00004'", "district == '1'", 10, "no field `district`", "the fields are"),
        ("kind: postgres", "kind: outbox", 3, "kind `outbox` can only be read from", "use one of: mail, postgres"),
    ],
)
def test_a_subscriber_with_one_error(  # noqa: PLR0917
    tmp_path: Path, old: str, new: str, line: int, message: str, remedy: str
) -> None:
    [problem] = load(tmp_path, b=changed(SUBSCRIBER, old, new))
    assert (problem.file, problem.line) == ("b.yaml", line)
    assert message in problem.message
    assert remedy in problem.remedy


def test_a_system_that_does_nothing(tmp_path: Path) -> None:
    [problem] = load(tmp_path, a="system: a\nconnect: {kind: loose, whatever: x}\n")
    assert "neither publishes nor subscribes" in problem.message


def test_two_owners(tmp_path: Path) -> None:
    found = load(tmp_path, a=PUBLISHER, b=changed(PUBLISHER, "system: a", "system: b"))
    assert [(problem.file, problem.line) for problem in found] == [("b.yaml", 12)] * 3
    assert {problem.message for problem in found} == {
        "two owners of `person.full_name`: a and b",
        "two owners of `person.sex`: a and b",
        "two owners of the existence of `person`: a and b",
    }


def test_two_publishers_of_a_field_that_nobody_owns(tmp_path: Path) -> None:
    unowned = changed(PUBLISHER, "owns: [full_name, sex, existence]", "owns: [existence]")
    other = changed(changed(PUBLISHER, "system: a", "system: b"), "owns: [full_name, sex, existence]", "owns: [sex]")
    [problem] = load(tmp_path, a=unowned, b=other)
    assert (problem.file, problem.line) == ("b.yaml", 10)
    assert problem.message == "a and b publish `person.full_name`, which nobody owns"


def test_a_lone_publisher_need_not_own(tmp_path: Path) -> None:
    assert load(tmp_path, a=changed(PUBLISHER, "    owns: [full_name, sex, existence]\n", "")) == []


def test_two_blocks_of_one_system_are_one_owner(tmp_path: Path) -> None:
    block = {"from": "t", "key": "{else: id}", "fields": "{full_name: x}", "owns": "[full_name]"}
    blocks = "".join(
        "    - "
        + "\n      ".join(f"{name}: {value if name != 'from' else table}" for name, value in block.items())
        + "\n"
        for table in ("t1", "t2")
    )
    text = f"system: a\nconnect: {{kind: loose}}\npublishes:\n  person:\n{blocks}"
    assert load(tmp_path, a=text) == []
    [problem] = load(tmp_path, a=text.replace("t2", "t1"))
    assert (problem.line, problem.message) == (9, "`t1` stands twice")


def test_two_systems_with_one_id(tmp_path: Path) -> None:
    found = load(tmp_path, a=PUBLISHER, b=PUBLISHER)
    assert [(p.file, p.line) for p in found if p.message == "system `a` stands in a.yaml too"] == [("b.yaml", 1)]


def test_errors_of_all_files_and_stages_come_at_once(tmp_path: Path) -> None:
    first = changed(PUBLISHER, "full_name: ten", "full_name: {form: ten}")  # what pydantic finds
    second = changed(changed(PUBLISHER, "system: a", "system: b"), "2: female", "2: x")  # what the schemas say
    found = load(tmp_path, a=first, b=second, c="system: [c\n", d=changed(SUBSCRIBER, "ward ==", "wart =="))
    messages = [str(problem) for problem in found]
    for expected in (
        "a.yaml:10: unknown field `form`",
        "b.yaml:11: code `2` means `x`",
        "b.yaml:12: two owners of `person.full_name`: a and b",
        "c.yaml:2: not YAML",
        "d.yaml:1: system `b` in a file of another name",
        "d.yaml:10: in a filter: there is no field `wart`",
    ):
        assert any(message.startswith(expected) for message in messages), expected


def test_only_sound_manifests_are_loaded(tmp_path: Path) -> None:
    load(tmp_path, a=PUBLISHER, b=changed(SUBSCRIBER, "    purpose: thử\n", ""))
    assert [manifest.system for manifest in load_manifests(tmp_path, KINDS).manifests] == ["a"]


@pytest.mark.parametrize("text", ["- a\n", "word\n", "1\n"])
def test_what_is_no_manifest(tmp_path: Path, text: str) -> None:
    [problem] = load(tmp_path, a=text)
    assert problem.message == "not a manifest"


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("system: hộ".encode("utf-16"))
    [problem] = load(tmp_path)
    assert "not UTF-8" in problem.message


def test_an_empty_folder(tmp_path: Path) -> None:
    [problem] = load(tmp_path)
    assert "no manifests here" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "publishes: x\n",
        "publishes: {person: x}\n",
        "publishes: {person: [x, {}]}\n",
        "publishes: {person: {fields: {a: [b]}, key: x}}\n",
        "subscribes: {person: {fields: {a: [b]}, key: [x], where: [y]}}\n",
        "subscribes: [person]\n",
        "connect: x\nname: y\n",
    ],
)
def test_broken_parts_do_not_stop_the_check(tmp_path: Path, text: str) -> None:
    broken = f"system: a\n{text}"
    found = load(tmp_path, a=broken, b=SUBSCRIBER)
    assert found
    assert all(problem.file == "a.yaml" for problem in found)


def test_no_message_tells_a_secret(tmp_path: Path) -> None:
    found = load(tmp_path, a=changed(PUBLISHER, "dsn: ${file:a_dsn}", "dsn: {password: hunter2}\n  token: hunter2"))
    assert len(found) >= 2
    assert not any("hunter2" in str(problem) for problem in found)


def test_a_reference_is_not_judged_by_its_spelling(tmp_path: Path) -> None:
    assert load(tmp_path, a=changed(PUBLISHER, "dsn: ${file:a_dsn}", "dsn: ${file:a}\n  port: ${env:PORT}")) == []
