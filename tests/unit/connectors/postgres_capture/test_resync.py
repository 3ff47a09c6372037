"""Random histories: a consumer of what a resync hands out ends with the table, and never sees a row go back.

Each rule is left out once, to see that the histories find it.
"""

import random
from collections.abc import Iterable, Sequence

import pytest

from connectors.sources.postgres_capture.chunk import Chunk
from connectors.sources.postgres_capture.epochs import Epochs
from connectors.sources.postgres_capture.jobs import Job, advanced
from connectors.sources.postgres_capture.resync import Resync
from connectors.values import Change
from tests.unit.connectors.postgres_capture.resync_world import Database, Kafka, Kept, Reader, Source, Token, change

_HISTORIES = 60
_MANY = 500


class History:
    """One history: what went wrong in it, empty when nothing did."""

    def __init__(self, seed: int, source_type: type[Source] = Source) -> None:
        self._chance = random.Random(seed)
        self._type = source_type
        self._database = Database(self._chance)
        self._kafka = Kafka(self._database)
        self._source = source_type(self._database, self._kafka, Kept(), confirmed=0)

    def wrongs(self) -> list[str]:
        """Play it."""
        for _ in range(60):
            self._database.work()
        ghosts = [change("update", str(row), (1, 1, row), after={"value": 1}) for row in range(1, 5)]
        self._kafka.take(ghosts, Token(0, {}))
        self._play(100)
        asked = self._chance.randint(1, 3)
        for _ in range(asked):
            self._source.ask()
            self._play(300)
        self._database.rest()
        self._settle()
        consumer = self._kafka.consumer
        if consumer.rows != self._database.rows:
            consumer.wrongs.append(f"{consumer.rows} are not {self._database.rows}")
        return consumer.wrongs

    def _play(self, steps: int) -> None:
        for _ in range(steps):
            doing = self._chance.random()
            if doing < 0.45:
                self._database.work()
            elif doing < 0.85:
                self._source.step()
            elif doing < 0.98:
                self._acknowledge(self._chance.randint(0, 3))
            else:
                self._crash()

    def _settle(self) -> None:
        for _ in range(2000):
            self._source.step()
            self._acknowledge(self._kafka.waiting)
            if self._source.idle:
                return
        self._kafka.consumer.wrongs.append("it does not come to an end")

    def _acknowledge(self, some: int) -> None:
        token = self._kafka.acknowledge(some)
        if token is not None:
            self._source.confirm(token)

    def _crash(self) -> None:
        self._kafka.lose_the_rest(self._chance.randint(0, self._kafka.waiting))
        kept = self._source.kept
        kept = Kept(kept.epoch, kept.epochs, kept.jobs)
        self._source = self._type(self._database, self._kafka, kept, confirmed=self._source.confirmed)


@pytest.mark.parametrize("seed", range(_HISTORIES))
def test_every_history_ends_with_the_table(seed: int) -> None:
    assert History(seed).wrongs() == []


class _LeavesOutWhatTheStreamSays(Source):
    def make_resync(self, reader: Reader, epochs: Epochs) -> Resync:
        made = super().make_resync(reader, epochs)
        made.saw = lambda changes: None  # type: ignore[method-assign]
        return made


class _DoesNotWaitForTheHighWatermark(Source):
    def make_resync(self, reader: Reader, epochs: Epochs) -> Resync:
        made = super().make_resync(reader, epochs)
        step = made.step
        made.step = lambda settled, behind: step(1 << 62 if made._chunk else settled, behind=behind)  # type: ignore
        return made


class _TrustsEverySnapshot(Source):
    def make_resync(self, reader: Reader, epochs: Epochs) -> Resync:
        begin = reader.begin
        reader.begin = lambda job, limit, trust: begin(job, limit, lambda seen: True)  # type: ignore[method-assign]
        return super().make_resync(reader, epochs)


class _DoesNotWaitForWhatWasOpen(Source):
    def make_resync(self, reader: Reader, epochs: Epochs) -> Resync:
        made = super().make_resync(reader, epochs)
        add = made.add

        def hasty(jobs: Iterable[Job]) -> None:
            add(jobs)
            made._gates.clear()

        made.add = hasty  # type: ignore[method-assign]
        return made


class _OverlooksTheNewestTransactions(Source):
    def make_resync(self, reader: Reader, epochs: Epochs) -> Resync:
        reader.open_transactions = lambda: reader.seen().running  # type: ignore[method-assign]
        return super().make_resync(reader, epochs)


class _ReadsBeforeTheEpochHasBegun(Source):
    def make_resync(self, reader: Reader, epochs: Epochs) -> Resync:
        made = super().make_resync(reader, epochs)
        step = made.step

        def hasty(settled: int, *, behind: bool) -> list[Change]:
            return step(settled if made._chunk else 1 << 62, behind=behind)

        made.step = hasty  # type: ignore[method-assign]
        return made


class _ForgetsWhereTheEpochBegan(Source):
    def make_resync(self, reader: Reader, epochs: Epochs) -> Resync:
        epochs._begun = [(0, self.kept.epoch)]
        return super().make_resync(reader, epochs)


class _KeepsWhatWasNotAcknowledged(Source):
    def step(self) -> None:
        super().step()
        self.kept.jobs = advanced(self.kept.jobs, self._resync.progress)


class _SameEpoch(Source):
    def ask(self) -> None:
        before = self.kept.epoch
        super().ask()
        jobs = tuple(job.model_copy(update={"epoch": before}) for job in self.kept.jobs)
        self._resync._jobs = [job.model_copy(update={"epoch": before}) for job in self._resync._jobs]
        self.kept = Kept(before, (("0/0", before),), jobs)
        self._epochs._begun = [(0, before)]


_WRONG: Sequence[type[Source]] = (
    _LeavesOutWhatTheStreamSays,
    _DoesNotWaitForTheHighWatermark,
    _TrustsEverySnapshot,
    _DoesNotWaitForWhatWasOpen,
    _OverlooksTheNewestTransactions,
    _ReadsBeforeTheEpochHasBegun,
    _ForgetsWhereTheEpochBegan,
    _KeepsWhatWasNotAcknowledged,
    _SameEpoch,
)


@pytest.mark.parametrize("wrong", _WRONG)
def test_each_rule_is_needed(wrong: type[Source]) -> None:
    assert any(History(seed, wrong).wrongs() for seed in range(_MANY))


def test_a_row_that_changes_its_key_is_taken_out_of_the_chunk_under_both(monkeypatch: pytest.MonkeyPatch) -> None:
    saw = Chunk.saw

    def forgetful(self: Chunk, changes: Sequence[Change]) -> None:
        saw(self, [found._replace(event={**found.event, "previous_row": None}) for found in changes])

    monkeypatch.setattr(Chunk, "saw", forgetful)
    assert any(History(seed).wrongs() for seed in range(_MANY))
