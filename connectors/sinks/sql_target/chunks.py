"""Long lists of keys in parts: databases limit how many values a statement may name."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")

_AT_ONCE: Final = 500


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """In their order, none empty."""
    rest = iter(items)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
