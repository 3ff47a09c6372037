"""`python -m deploy.audit.sbom FILE`: a bill of materials (CycloneDX 1.6) of all that the locks name, with hashes."""

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from deploy.embedded.artifacts import LOCK, Artifact

_PACKAGES: Final = Path(__file__).resolve().parents[1] / "locks" / "run.txt"
_PINNED: Final = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)


def bill() -> dict[str, Any]:
    """The same for the same locks: no time and no serial number of its own."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "lienthong", "version": version("lienthong")}},
        "components": [*_python(), *_java()],
    }


def pinned() -> Iterator[tuple[str, str]]:
    """Name and version of every Python package in the lock."""
    for found in _PINNED.finditer(_PACKAGES.read_text(encoding="utf-8")):
        yield found["name"], found["version"]


def _python() -> Iterator[dict[str, Any]]:
    text = _PACKAGES.read_text(encoding="utf-8")
    starts = list(_PINNED.finditer(text))
    for place, found in enumerate(starts):
        end = starts[place + 1].start() if place + 1 < len(starts) else len(text)
        hashes = re.findall(r"sha256:([0-9a-f]{64})", text[found.start() : end])
        purl = f"pkg:pypi/{found['name'].lower().replace('_', '-')}@{found['version']}"
        yield _component(found["name"], found["version"], purl, hashes)


def _java() -> Iterator[dict[str, Any]]:
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            each = Artifact.of_line(line)
            purl = f"pkg:maven/{each.group}/{each.name}@{each.version}?type={each.packaging}"
            purl += f"&classifier={each.classifier}" if each.classifier else ""
            yield _component(each.name, each.version, purl, [each.sha256]) | {"group": each.group}


def _component(name: str, release: str, purl: str, sha256: list[str]) -> dict[str, Any]:
    # A package has a file for each kind of machine, any of which may be installed: each is told as where it is from.
    files = [{"alg": "SHA-256", "content": digest} for digest in sha256]
    described: dict[str, Any] = {"type": "library", "name": name, "version": release, "purl": purl, "bom-ref": purl}
    if len(files) == 1:
        return described | {"hashes": files}
    return described | {
        "externalReferences": [{"type": "distribution", "url": purl, "hashes": [each]} for each in files]
    }


def main() -> int:
    """Writes the file that the command line names."""
    Path(sys.argv[1]).write_text(json.dumps(bill(), indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
