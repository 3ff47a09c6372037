"""What the sink suite needs to know of a kind: a target system that it can look into."""

from typing import Any, Protocol

from connectors.contract import Sink
from schemas.manifest import Manifest
from schemas.records import Row

#: The target's table, and its columns: a key and three texts, of which `ho_ten` holds at most NAME_LIMIT characters.
TABLE = "public.nguoi"
KEY = "ma"
COLUMNS = ("ho_ten", "ngay_sinh", "ghi_chu")
NAME_LIMIT = 40
ENTITY = "person"


class SinkTarget(Protocol):
    """A target with an empty table TABLE. The suite gets a fresh one for every test."""

    def sink(self) -> Sink:
        """A sink for `sink_manifest(...)`, not yet opened; each call a new one on this target."""

    def rows(self) -> dict[str, Row]:
        """What TABLE holds now, by the value of KEY; each row with KEY and COLUMNS."""

    def changes(self) -> int:
        """How many row changes the target has seen by now, as a trigger would count them; it never shrinks."""

    def sever(self) -> None:
        """Cut the connections of all sinks that are open, as a network or a server that dies would."""


def sink_manifest(connect: dict[str, Any]) -> Manifest:
    """The manifest that the suite works with, for a target reached by `connect` (its `kind` included)."""
    return Manifest.model_validate(
        {
            "system": "kit",
            "connect": connect,
            "subscribes": {
                ENTITY: {
                    "into": TABLE,
                    "key": {KEY: "key"},
                    "fields": {"ho_ten": "full_name", "ngay_sinh": "birth_date", "ghi_chu": "note"},
                    "purpose": "kiểm tra",
                }
            },
        }
    )
