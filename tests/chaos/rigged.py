"""A process of the product that dies at a named point, or whose wall clock is wrong, when a file says so.

`python -m tests.chaos.rigged FOLDER NAME MODULE ARGUMENT…` runs MODULE as `python -m` would. `FOLDER/NAME.point` holds
the point; it is gone when the process is about to kill itself, -9. `FOLDER/NAME.clock` holds the seconds by which the
clock is ahead. Whoever writes them is rig.py; the product knows nothing of it.
"""

import os
import runpy
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: By kind of process, what it does between whose lines it can die: once before and once after.
POINTS = {
    "source": ("capture", "produce", "confirm"),
    "worker": ("produce", "transaction commit", "state write"),
    "sink": ("target commit", "confirm"),
}
_LOOK_SECONDS = 0.2


def kind_of(name: str) -> str:
    """Of a process by its name in the city."""
    kind, slash, _ = name.partition("/")
    return kind if slash else "worker"


def main() -> None:
    """See the module's text."""
    folder, name, module, *arguments = sys.argv[1:]
    _bend_clock(Path(folder) / f"{name.replace('/', '-')}.clock")
    _arm(kind_of(name), Path(folder) / f"{name.replace('/', '-')}.point")
    sys.argv = [module, *arguments]
    # By the time that a worker is armed Faust has put something else in the place of its package.
    runpy.run_module(f"{module}.__main__" if module == "faust" else module, run_name="__main__", alter_sys=True)


def _bend_clock(note: Path) -> None:
    true_ns, read_at, ahead = time.time_ns, 0.0, 0

    def time_ns() -> int:
        nonlocal read_at, ahead
        if time.monotonic() > read_at:
            read_at = time.monotonic() + _LOOK_SECONDS
            ahead = int(float(note.read_text()) * 1e9) if note.exists() else 0
        return true_ns() + ahead

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


class _Point:
    """Where the process may die."""

    def __init__(self, note: Path, doing: str) -> None:
        self._note = note
        self._doing = doing

    def around(self, owner: Any, name: str, *, counts: Callable[[Any], bool] = lambda _: True) -> None:
        """Before and after this function. `counts`: whether what it returned is worth dying for."""
        original = getattr(owner, name)

        def does(*arguments: Any, **more: Any) -> Any:
            self.passes("before")
            found = original(*arguments, **more)
            if counts(found):
                self.passes("after")
            return found

        setattr(owner, name, does)

    def passes(self, when: str) -> None:
        """Here is the point."""
        # A file that is not there is found missing in two microseconds.
        if os.path.exists(self._note) and self._note.read_text() == f"{when} {self._doing}":  # noqa: PTH110
            self._note.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def _arm(kind: str, note: Path) -> None:
    if kind == "source":
        _arm_source(note)
    elif kind == "sink":
        _arm_sink(note)
    else:
        _arm_worker(note)


def _arm_source(note: Path) -> None:
    from connectors.source_records import SourceRecords
    from connectors.sources.postgres import PostgresSource
    from connectors.sources.sql_poll import SqlPollSource

    for source in (PostgresSource, SqlPollSource):
        _Point(note, "capture").around(source, "read", counts=lambda changes: bool(changes and changes.items))
        _Point(note, "confirm").around(source, "confirm")
    _Point(note, "produce").around(SourceRecords, "send")


def _arm_sink(note: Path) -> None:
    from connectors.delivery.reports import Reports
    from connectors.sinks.csv import CsvSink
    from connectors.sinks.postgres import PostgresSink
    from connectors.sinks.postgres_target.writer import Writer
    from connectors.sinks.rest import RestSink
    from connectors.sinks.sql_poll import SqlPollSink

    commit = _Point(note, "target commit")
    for sink in (CsvSink, RestSink, SqlPollSink):
        commit.around(sink, "write")
    together, write = Writer.write_together, PostgresSink.write

    def write_together(self: Writer, items: Any) -> None:
        together(self, items)
        commit.passes("before")

    def write_whole(self: PostgresSink, *arguments: Any) -> None:
        write(self, *arguments)
        commit.passes("after")

    Writer.write_together, PostgresSink.write = write_together, write_whole  # type: ignore[method-assign,assignment]
    _Point(note, "confirm").around(Reports, "delivered")


def _arm_worker(note: Path) -> None:
    from streams.engine import producer
    from streams.engine.producer import RoundProducer
    from streams.engine.state import PartitionState

    _Point(note, "produce").around(RoundProducer, "_write")
    _Point(note, "state write").around(PartitionState, "apply")
    commit, flush, apply = _Point(note, "transaction commit"), RoundProducer._flush, producer._apply

    def flush_all(self: RoundProducer) -> None:
        flush(self)
        commit.passes("before")

    def apply_one(batch: Any) -> None:
        commit.passes("after")
        apply(batch)

    RoundProducer._flush, producer._apply = flush_all, apply_one  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
