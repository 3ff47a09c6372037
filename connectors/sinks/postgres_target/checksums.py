"""Checksums of many rows at once, the same in PostgreSQL as here, so that rows need not travel to be compared.

Rows fall into buckets by the md5 of their key; a bucket's sum is over the md5 of its rows. What PostgreSQL shows of a
value is foreseen for the types that deliveries are written to. Where it is foreseen wrongly, its bucket only looks
different: a difference is found in the database itself, never here.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from hashlib import md5
from typing import Final, NamedTuple

from psycopg import sql

from connectors.sinks.postgres_target.structure import Column, Table
from connectors.values import Expected

#: Bucket -> (rows, sum).
Sums = dict[int, tuple[int, int]]
Show = Callable[[str], str]

#: Hex digits of a bucket's number. Of a million rows, one difference makes 16 travel.
_DIGITS: Final = 4

_SUMS = sql.SQL("""
SELECT ('x' || left(md5({key}), {digits}))::bit({bits})::int, count(*),
       sum(('x' || left(md5({row}), 15))::bit(60)::bigint)
FROM {table} AS t WHERE t.{name} IS NOT NULL GROUP BY 1
""")

_VIETNAMESE_DATE: Final = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})")


class Summed(NamedTuple):
    """`buckets`: of each row, in the order in which they came."""

    sums: Sums
    buckets: Sequence[int]


def sums_query(table: Table, columns: Sequence[Column]) -> sql.Composed:
    """The statement for the target's own sums; the key is the first column."""
    shown = [sql.SQL("t.{}::text").format(sql.Identifier(column.name)) for column in columns]
    parts = [sql.SQL("coalesce(length({0}) || ':' || {0}, '-')").format(each) for each in shown]
    return _SUMS.format(
        key=shown[0],
        digits=sql.Literal(_DIGITS),
        bits=sql.Literal(4 * _DIGITS),
        row=sql.SQL(" || ").join(parts),
        table=table.identifier,
        name=sql.Identifier(columns[0].name),
    )


def sums_of(expected: Iterable[Expected], columns: Sequence[Column]) -> Summed:
    """What the target's sums should be."""
    altered = [(place, show) for place, column in enumerate(columns) if (show := shown_by(column)) is not _as_written]
    show_key = shown_by(columns[0])
    sums: dict[int, int] = {}
    counts: dict[int, int] = {}
    buckets = array("L")
    for key, row in expected:
        # As the database numbers them, by the key as it shows it.
        bucket = int.from_bytes(_digest(show_key(key))[:4]) >> 32 - 4 * _DIGITS
        buckets.append(bucket)
        if row is None:
            continue
        texts = [key, *row]
        for place, show in altered:
            if (text := texts[place]) is not None:
                texts[place] = show(text)
        whole = "".join(["-" if text is None else f"{len(text)}:{text}" for text in texts])
        sums[bucket] = sums.get(bucket, 0) + (int.from_bytes(_digest(whole)[:8]) >> 4)
        counts[bucket] = counts.get(bucket, 0) + 1
    return Summed({bucket: (counts[bucket], total) for bucket, total in sums.items()}, buckets)


def _digest(text: str) -> bytes:
    return md5(text.encode(errors="replace"), usedforsecurity=False).digest()


def shown_by(column: Column) -> Show:
    """What a column shows of a text that was written into it."""
    return _SHOWN.get(column.cast, _as_written)


def _as_written(text: str) -> str:
    return text


def _padded(text: str) -> str:
    return text.rstrip(" ")


def _date(text: str) -> str:
    found = _VIETNAMESE_DATE.fullmatch(text)
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else text


def _integer(text: str) -> str:
    try:
        return str(int(text))
    except ValueError:
        return text


def _boolean(text: str) -> str:
    return {"t": "true", "1": "true", "yes": "true", "f": "false", "0": "false", "no": "false"}.get(text.lower(), text)


_SHOWN: Final[dict[str, Show]] = {
    "bpchar": _padded,
    "character": _padded,
    "date": _date,
    "smallint": _integer,
    "integer": _integer,
    "bigint": _integer,
    "boolean": _boolean,
}
