"""Rows whose truth is known: what the counting workers must make of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tests.integration.engine_harness import PARTITIONS, Site

KEYS = 400


def rows_of(count: int, *, start: int = 0) -> Iterator[tuple[int, bytes, bytes]]:
    """Row n goes to key n % KEYS, which lives in one partition; its value is n."""
    for number in range(start, start + count):
        key = number % KEYS
        yield key % PARTITIONS, b"key-%d" % key, b"%d" % number


def assert_exact(site: Site, count: int, *, besides: Mapping[bytes, bytes] | None = None) -> None:
    """The output holds each of the first ``count`` rows once, each key's in order; the changelog the true counts.

    ``besides``: more that the changelog holds.
    """
    seen: dict[bytes, list[bytes]] = defaultdict(list)
    for rows in site.rows("out").values():
        for key, value in rows:
            seen[key or b""].append(value or b"")
    truth: dict[bytes, list[bytes]] = defaultdict(list)
    for _partition, key, value in rows_of(count):
        truth[key].append(b"%d:%b" % (len(truth[key]) + 1, value))
    wrong = {key: (seen[key], truth[key]) for key in truth if seen[key] != truth[key]}
    assert not wrong, f"{len(wrong)} of {len(truth)} keys, for one: {next(iter(wrong.values()))}"
    counts = {key: b"%d" % len(values) for key, values in truth.items()}
    assert site.changelog() == counts | dict(besides or {})
