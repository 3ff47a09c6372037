"""Which entity key a column's value makes."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

from schemas import compose, identity
from schemas.conversions import identifier_kinds, valid_identifier
from schemas.manifest import WHOLE_KEY

#: From a column's value to an entity key, or None where it holds none that is valid.
ReadKey = Callable[[object], str | None]

_LOCAL: Final = re.compile(r"[a-z][a-z0-9_]{0,62}#.+", re.DOTALL)


def kinds_owned(owned: Collection[str], entity: str) -> frozenset[str]:
    """Kinds of identifiers that a system is the authority for. `owned`: the words under its `owns`."""
    formats = compose.entity_fields(entity)
    return identifier_kinds() & {formats[field] for field in owned if field in formats}


def key_readers(identifiers: Iterable[tuple[str, str]]) -> list[tuple[str, ReadKey]]:
    """(column, function from its value to a key), for each (kind of identifier or WHOLE_KEY, column)."""
    return [(column, _whole if kind == WHOLE_KEY else _bare(kind)) for kind, column in identifiers]


def _bare(kind: str) -> ReadKey:
    valid = valid_identifier(kind)

    def read(value: object) -> str | None:
        found = valid(value)
        return identity.identified(kind, found) if found else None

    return read


def _whole(value: object) -> str | None:
    """A whole key as Liên thông writes it; anything else that people may have typed into the column is none."""
    text = value.strip() if isinstance(value, str) else ""
    kind, _, bare = text.partition(":")
    if kind in identifier_kinds():
        found = valid_identifier(kind)(bare)
        return identity.identified(kind, found) if found else None
    return text if _LOCAL.fullmatch(text) else None
