"""The suite's target of the sink `csv`: a folder, as one sees it who reads its files. Here in the mode `append`."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from connectors.kit import sink_manifest
from connectors.kit.sink_target import COLUMNS, KEY, NAME_LIMIT, TABLE
from connectors.sinks.csv import CsvSink, sink
from schemas.records import Row
from schemas.settings import Settings

_LINE = re.compile(r'(?:(?:"(?:[^"]|"")*")?,)*(?:"(?:[^"]|"")*")?\r\n')
_CELL = re.compile(r'("(?:[^"]|"")*")?[,\r]')
_DEFUSED = re.compile(r"''*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")


def records(path: Path) -> list[Row]:
    """The lines of a file by its header; an empty cell without quotes is None. The apostrophes are taken away."""
    text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
    lines = [match.group() for match in _LINE.finditer(text)]
    assert "".join(lines) == text
    header, *rows = [[_text(cell) for cell in _CELL.findall(line)] for line in lines]
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def _text(cell: str) -> str | None:
    if not cell:
        return None
    text = cell[1:-1].replace('""', '"')
    return text[1:] if _DEFUSED.match(text) else text


def folded(files: list[Path]) -> dict[str, Row]:
    """What a reader knows who has read the files of changes in their order."""
    rows: dict[str, Row] = {}
    for record in (record for path in files for record in records(path)):
        key = record[KEY]
        if record["operation"] == "upsert":
            rows[key] = record
        else:
            old = rows.pop(key)
            if record["operation"] == "rename":
                rows[record["moved_to"]] = {**old, KEY: record["moved_to"]}
    return rows


@dataclass
class Target:
    """See `connectors.kit.SinkTarget`."""

    folder: Path
    mode: Literal["append", "snapshot"]

    def sink(self) -> CsvSink:
        connect = {"kind": "csv", "folder": str(self.folder), "mode": self.mode, "limits": {"ho_ten": NAME_LIMIT}}
        return sink(sink_manifest(connect), Settings())

    def rows(self) -> dict[str, Row]:
        if self.mode == "append":
            found = folded(self.files())
        else:
            found = {record[KEY]: record for path in self.files() for record in records(path)}
        return {key: {column: row[column] for column in (KEY, *COLUMNS)} for key, row in found.items()}

    def files(self) -> list[Path]:
        """Those that can be seen."""
        return sorted(path for path in self.folder.glob(f"{TABLE}*") if path.is_file())

    def changes(self) -> int:
        if self.mode == "append":
            return sum(len(records(path)) for path in self.files())
        return max((path.stat().st_mtime_ns for path in self.files()), default=0)

    def sever(self) -> None:
        """The share comes loose, and is mounted again: other files at the same place."""
        aside = self.folder.with_name("aside")
        shutil.copytree(self.folder, aside)
        shutil.rmtree(self.folder)
        aside.rename(self.folder)


@contextmanager
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    folder: Path = request.getfixturevalue("tmp_path") / "to"
    folder.mkdir()
    yield Target(folder, "append")
