"""A system that publishes an entity and subscribes to it: what it may not ask for, each with file and line."""

from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import BaseModel, ConfigDict

from schemas.manifest_connect import Kinds
from schemas.manifest_load import load_manifests
from schemas.manifest_yaml import Problem


class Connect(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConnectOfOwnRows(Connect):
    own_rows: ClassVar[bool] = True


KINDS = Kinds(sources={"table": Connect, "service": Connect}, sinks={"table": ConnectOfOwnRows, "service": Connect})
REGISTER = """\
system: ho_tich
connect: {kind: table}
publishes:
  person:
    from: public.cong_dan
    key: {citizen_id: so_dinh_danh, else: id}
    fields: {full_name: ho_ten, residence: noi_o}
    owns: [full_name, birth]
subscribes:
  person:
    into: public.cong_dan
    key: {id: own}
    fields:
      noi_o: residence
    where: ward == '00070'
    purpose: thử
"""


def load(folder: Path, **files: str) -> list[Problem]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_manifests(folder, KINDS).problems


def test_own_rows_of_a_published_table_may_be_updated(tmp_path: Path) -> None:
    assert load(tmp_path, ho_tich=REGISTER) == []


def test_the_owner_of_existence_may_filter_its_own_rows(tmp_path: Path) -> None:
    assert load(tmp_path, ho_tich=REGISTER.replace("birth]", "existence]")) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "remedy"),
    [
        (
            "noi_o: residence\n    where",
            "ho_ten: full_name\n    where",
            14,
            "answered with its own word",
            "`ho_ten` out",
        ),
        ("into: public.cong_dan", "into: public.khac", 12, "it publishes none from `public.khac`", "`public.cong_dan`"),
        ("kind: table", "kind: service", 12, "kind `service` cannot update the system's own rows", "citizen_id"),
        ("id: own", "id: owns", 12, "unknown identifier `owns`", "did you mean `own`?"),
        ("birth]", "birt]", 8, "owns `birt`", "did you mean `birth`?"),
    ],
)
def test_one_error(tmp_path: Path, old: str, new: str, line: int, message: str, remedy: str) -> None:  # noqa: PLR0917
    assert old in REGISTER
    [problem] = load(tmp_path, ho_tich=REGISTER.replace(old, new))
    assert (problem.file, problem.line) == ("ho_tich.yaml", line)
    assert message in problem.message
    assert remedy in problem.remedy


def test_the_owner_of_existence_may_not_filter_by_identifier(tmp_path: Path) -> None:
    text = REGISTER.replace("birth]", "existence]").replace("id: own", "so_dinh_danh: citizen_id")
    [problem] = load(tmp_path, ho_tich=text)
    assert (problem.file, problem.line) == ("ho_tich.yaml", 15)
    assert "owns the existence of `person`" in problem.message


def test_own_rows_without_any_publication(tmp_path: Path) -> None:
    text = REGISTER[: REGISTER.index("publishes")] + REGISTER[REGISTER.index("subscribes") :]
    [problem] = load(tmp_path, ho_tich=text)
    assert problem.line == 6
    assert "publish that table" in problem.remedy


def test_many_systems_may_know_a_birth_but_one_owns_existence(tmp_path: Path) -> None:
    other = REGISTER.replace("system: ho_tich", "system: dan_cu").replace("full_name, birth", "residence, birth")
    other = other.replace("noi_o: residence", "ho_ten: full_name")
    assert load(tmp_path, ho_tich=REGISTER, dan_cu=other) == []
