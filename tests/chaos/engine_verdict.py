"""Whether workers that count counted right: every input compared with every output, every count with both copies.

A worker reads ``value`` under ``key`` and writes ``<how many of this key so far>:<value>``, or puts the record aside as
``<error>:<value>`` when its body failed on it three times. So each input must stand once in the outputs or among those
put aside; under one key the counts must run 1, 2, 3 … and the inputs of one source come in their order; and the state
must be, for each key, the number of its inputs that were counted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: Key and value of a record.
Row = tuple[bytes | None, bytes | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Numbers of records, but for ``disordered`` and the wrong ones, which are numbers of keys."""

    inputs: int
    lost: int = 0
    twice: int = 0
    disordered: int = 0
    wrong_in_topic: int = 0
    wrong_in_rocksdb: int = 0
    #: Put aside and not counted, as told; no fault.
    put_aside: int = 0
    #: What was found first, for whoever wants to know why.
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether all is as it must be, and there was something to be judged."""
        faults = (self.lost, self.twice, self.disordered, self.wrong_in_topic, self.wrong_in_rocksdb)
        return self.inputs > 0 and not any(faults)

    def __str__(self) -> str:
        found = (
            f"{self.inputs:,} records, {self.put_aside} of them put aside: {self.lost} lost, "
            f"{self.twice} counted twice, {self.disordered} keys out of order, "
            f"{self.wrong_in_topic} wrong in the compacted topic, {self.wrong_in_rocksdb} wrong in RocksDB"
        )
        return "\n  ".join([found, *self.examples[:10]])


def judge(
    inputs: Iterable[Iterable[Row]],
    outputs: Iterable[Iterable[Row]],
    *,
    dead: Iterable[Row] = (),
    changelog: Mapping[bytes, bytes] | None = None,
    held: Mapping[bytes, bytes] | None = None,
) -> Verdict:
    """``inputs`` and ``outputs``: the rows of each partition of each topic, in their order; every value but once.

    ``dead``: the rows that were put aside. ``changelog``: the last value of each key there; ``held``: what RocksDB has.
    None: not judged.
    """
    read = [[(key or b"", value or b"") for key, value in rows] for rows in inputs]
    expected = Counter(row for rows in read for row in rows)
    seen: dict[bytes, list[tuple[bytes, bytes]]] = defaultdict(list)
    for rows in outputs:
        for key, value in rows:
            count, _, text = (value or b"").partition(b":")
            seen[key or b""].append((count, text))
    counted = Counter((key, text) for key, values in seen.items() for _count, text in values)
    aside = Counter((key or b"", (value or b"").partition(b":")[2]) for key, value in dead)
    lost, twice = expected - counted - aside, counted + aside - expected
    disordered = _disordered(read, seen)
    truth = Counter(key for key, _value in (expected - aside).elements())
    in_topic = _wrong(truth, changelog)
    in_rocksdb = _wrong(truth, held)
    examples = [f"lost: {key!r} {value!r}" for key, value in list(lost)[:3]]
    examples += [f"twice: {key!r} {[pair for pair in seen[key] if pair[1] == value]}" for key, value in list(twice)[:3]]
    examples += [f"out of order: {key!r} {seen[key][:20]}" for key in disordered[:2]]
    examples += [f"state: {line}" for line in (in_topic + in_rocksdb)[:4]]
    return Verdict(
        inputs=expected.total(),
        lost=lost.total(),
        twice=twice.total(),
        disordered=len(disordered),
        wrong_in_topic=len(in_topic),
        wrong_in_rocksdb=len(in_rocksdb),
        put_aside=aside.total(),
        examples=examples,
    )


def _disordered(
    inputs: list[list[tuple[bytes, bytes]]], seen: Mapping[bytes, list[tuple[bytes, bytes]]]
) -> list[bytes]:
    """Keys whose counts do not run 1, 2, 3 …, or whose inputs of one source come in another order."""
    place = {row: (source, number) for source, rows in enumerate(inputs) for number, row in enumerate(rows)}
    wrong = []
    for key, values in seen.items():
        newest: dict[int, int] = {}
        for number, (count, text) in enumerate(values, start=1):
            source, at = place.get((key, text), (-1, number))
            if count != b"%d" % number or at < newest.get(source, -1):
                wrong.append(key)
                break
            newest[source] = at
    return wrong


def _wrong(truth: Mapping[bytes, int], state: Mapping[bytes, bytes] | None) -> list[str]:
    if state is None:
        return []
    demanded = {key: b"%d" % count for key, count in truth.items()}
    keys = sorted(demanded.keys() | state.keys())
    return [
        f"{key!r} is {state.get(key)!r}, not {demanded.get(key)!r}"
        for key in keys
        if demanded.get(key) != state.get(key)
    ]
