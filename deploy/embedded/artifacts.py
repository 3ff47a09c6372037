"""The files that Kafka and the registry consist of, each pinned by its SHA-256 sum in ``artifacts.lock``."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("artifacts.lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file of a Maven repository, with the size in bytes and the SHA-256 sum that it must have."""

    part: str  #: which server needs it: ``kafka`` or ``registry``
    group: str
    name: str
    version: str
    classifier: str
    packaging: str
    size: int
    sha256: str

    @property
    def filename(self) -> str:
        """The file's name in the repository and in the cache."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{suffix}.{self.packaging}"

    def line(self) -> str:
        """Its line in the lock."""
        coordinate = f"{self.group}:{self.name}:{self.version}:{self.classifier}:{self.packaging}"
        return f"{self.part} {coordinate} {self.size} sha256:{self.sha256}"

    @classmethod
    def of_line(cls, line: str) -> "Artifact":
        """The inverse of ``line``."""
        part, coordinate, size, digest = line.split()
        group, name, version, classifier, packaging = coordinate.split(":")
        return cls(
            part=part,
            group=group,
            name=name,
            version=version,
            classifier=classifier,
            packaging=packaging,
            size=int(size),
            sha256=digest.removeprefix("sha256:"),
        )


def read_lock(part: str, *, lock: Path = LOCK) -> list[Artifact]:
    """All files of one part, in the lock's order."""
    lines = (line for line in lock.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    return [artifact for artifact in map(Artifact.of_line, lines) if artifact.part == part]


def write_lock(artifacts: Iterable[Artifact], *, lock: Path = LOCK) -> None:
    """Replace the lock."""
    head = "# Made by `make lock`. part group:artifact:version:classifier:packaging size sum\n"
    lock.write_text(head + "".join(f"{artifact.line()}\n" for artifact in artifacts), encoding="utf-8")
