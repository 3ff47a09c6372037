"""PostgreSQL's text form of arrays: `{1,NULL,"a \\"b\\""}`."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from connectors.sources.postgres_capture.texts import Convert, text


def array_of(convert: Convert, delimiter: str = ",") -> Convert:
    """The converter of an array whose elements `convert` takes: a list, None where an element is null.

    Arrays of several dimensions, or whose first index is not 1, stay text.
    """
    separator = delimiter.encode()

    def read(data: bytes) -> list[Any] | str:
        if not data.startswith(b"{") or data.startswith(b"{{"):
            return text(data)
        if data == b"{}":
            return []
        if b'"' in data:
            return [None if part is None else convert(part) for part in _quoted(data, delimiter)]
        return [None if part == b"NULL" else convert(part) for part in data[1:-1].split(separator)]

    return read


@cache
def _element(delimiter: str) -> re.Pattern[bytes]:
    return re.compile(rb'"((?:[^"\\]|\\.)*)"|([^"%s]+)' % re.escape(delimiter.encode()), re.DOTALL)


_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def _quoted(data: bytes, delimiter: str) -> Iterator[bytes | None]:
    for match in _element(delimiter).finditer(data, 1, len(data) - 1):
        quoted, bare = match.groups()
        if quoted is not None:
            yield _ESCAPED.sub(rb"\1", quoted)
        else:
            yield None if bare == b"NULL" else bare
