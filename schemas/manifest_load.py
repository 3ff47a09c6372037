"""Reads a folder of manifests and finds everything that is wrong with them, at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from schemas.manifest import Manifest
from schemas.manifest_check import check_alone, check_together
from schemas.manifest_connect import Kinds, check_connect
from schemas.manifest_faults import Objection, objections
from schemas.manifest_salvage import UNKNOWN, salvage
from schemas.manifest_yaml import Document, Problem, parse


class Loaded(NamedTuple):
    """`manifests` are those without a problem of their own, by file name; run them only if there are no `problems`."""

    manifests: list[Manifest]
    problems: list[Problem]


@dataclass
class _File:
    """One file. `manifest` may be salvaged; then `objections` is not empty."""

    name: str
    document: Document
    manifest: Manifest | None
    objections: list[Objection]

    def problems(self) -> Iterator[Problem]:
        for fault in self.document.faults:
            yield Problem(self.name, *fault)
        for objection in dict.fromkeys(self.objections):
            yield Problem(self.name, self.document.lines.of(objection.path), objection.message, objection.remedy)


def load_manifests(folder: Path, kinds: Kinds) -> Loaded:
    """Every `*.yaml` in the folder. Problems are sorted by file and line; nothing in the files makes it raise."""
    paths = sorted(path for path in folder.glob("*.y*ml") if path.suffix in (".yaml", ".yml"))
    if not paths:
        return Loaded([], [Problem(str(folder), 1, "no manifests here", "put one YAML file a system into this folder")])
    files = [_read(path, kinds) for path in paths]
    _compare(files)
    problems = sorted({problem for file in files for problem in file.problems()})
    sound = [file.manifest for file in files if file.manifest and not file.objections and not file.document.faults]
    return Loaded(sound, problems)


def _read(path: Path, kinds: Kinds) -> _File:
    try:
        document = parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        document = parse("")
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        return _File(path.name, document._replace(faults=[]), None, [_unreadable(str(reason))])
    file = _File(path.name, document, None, [])
    if document.value is None:
        return file
    if not isinstance(document.value, dict):
        file.objections.append(Objection((), "not a manifest", "write `system: name` and so on"))
        return file
    try:
        file.manifest = Manifest.model_validate(document.value)
    except ValidationError as error:
        file.objections += objections(error.errors())
        file.manifest = salvage(document.value, error.errors(), system=path.stem)
    if file.manifest is not None:
        file.objections += _check(file.manifest, path, kinds)
    return file


def _unreadable(reason: str) -> Objection:
    return Objection((), f"cannot be read: {reason}", "save it as UTF-8 text that this user may read")


def _check(manifest: Manifest, path: Path, kinds: Kinds) -> Iterator[Objection]:
    yield from check_alone(manifest)
    if manifest.kind != UNKNOWN:
        yield from check_connect(manifest, kinds)
    if manifest.system != path.stem:
        remedy = f"call the file {manifest.system}.yaml, or correct the id"
        yield Objection(("system",), f"system `{manifest.system}` in a file of another name", remedy)


def _compare(files: list[_File]) -> None:
    by_name = {file.name: file for file in files}
    first: dict[str, str] = {}
    manifests: dict[str, Manifest] = {}
    for file in files:
        if file.manifest is None:
            continue
        system = file.manifest.system
        if system in first:
            message = f"system `{system}` stands in {first[system]} too"
            file.objections.append(Objection(("system",), message, "give each system an id of its own"))
            continue
        first[system] = file.name
        manifests[file.name] = file.manifest
    for name, objection in check_together(manifests):
        by_name[name].objections.append(objection)
