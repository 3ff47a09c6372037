"""One batch through the pipeline: decode at the door, a dead letter for what cannot pass, outcomes at the end."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import structlog

from schemas import topics
from schemas.dead_letters import Reason
from schemas.identity import event_id
from schemas.records import Forward, Result
from schemas.topics import REVISION_HEADER
from streams.bury import Undertaker
from streams.close_graves import GraveCloser
from streams.emit import Batch, Effects
from streams.engine.records import Record
from streams.errors import Unprocessable
from streams.outcomes import Tally
from streams.pipeline import Pipeline
from streams.place import Place
from streams.reproject import Reprojection
from streams.retract import Retraction
from streams.told import Told
from streams.walk import Walker
from streams.walk_markers import ORIGIN
from streams.wire import Wire

_log = structlog.get_logger(__name__)

#: A result, and the system concerned.
Ending: TypeAlias = tuple[Result, str]


class Worker:
    """Does one entity's batches. `name`: who says so in the outcomes.

    `passing`: errors of the infrastructure. They leave `process`, and the engine hands the batch out again; every other
    error costs the one record that caused it.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        wire: Wire,
        undertaker: Undertaker,
        *,
        name: str,
        passing: tuple[type[Exception], ...],
    ) -> None:
        self._pipeline = pipeline
        self._wire = wire
        self._undertaker = undertaker
        self._name = name
        self._passing: tuple[type[Exception], ...] = (*passing, MemoryError)
        self._forwards = topics.identify(pipeline.entity)
        self.entity, self.revision = pipeline.entity, pipeline.revision
        walker = Walker(pipeline.emitter)
        self._walks: dict[str, Callable[[Forward, Place], Effects]] = {
            "reproject": Reprojection(pipeline, walker).step,
            "retract": Retraction(pipeline, walker).step,
            "close": GraveCloser(pipeline, walker).step,
        }

    def needs(self, batch: Batch) -> int:
        """The oldest catalogue that may do this batch: by which its partition was worked before, or a record of it was
        made. Older rules would undo what newer ones did, or take their words for nonsense."""
        needed = Place(batch, self._wire).worked.revision
        revision_of = self._revision_of_forward if batch.topic == self._forwards else _revision_of_marker
        return max([needed, *map(revision_of, batch.records)])

    def _revision_of_forward(self, record: Record) -> int:
        try:
            return self._wire.read_forward(record.value)["revision"]
        except Unprocessable:
            return 0

    def process(self, batch: Batch) -> Tally:
        """Everything that the records of a batch cause, into the batch. Returns what became of them."""
        tally, place = self._tally(batch), Place(batch, self._wire)
        processed: Ending = ("processed", topics.place(batch.topic).system or ORIGIN)
        for record in batch.records:
            told, effects = self._guarded(record, place)
            if effects.failure is not None:
                self._bury(record, effects.failure, told, batch, tally)
            effects.apply(batch)
            tally.add(_results(effects, processed), record.offset, told.time)
            for held in effects.held:
                tally.held(told.system, record.offset, told.time, event_id=told.event_id, held=held)
        if place.worked.revision < self.revision:
            place.work_by(place.worked._replace(revision=self.revision))
        self._send_outcomes(batch, tally)
        return tally

    def poison(self, record: Record, error: BaseException, batch: Batch) -> None:
        """What is sent instead for a record with which the batch fails each time."""
        tally = self._tally(batch)
        reason = Reason("poison", f"{type(error).__name__}, each time; see the worker's log, mend the cause, replay")
        self._bury(record, Unprocessable("process", reason), _teller(record), batch, tally)
        self._send_outcomes(batch, tally)

    def _guarded(self, record: Record, place: Place) -> tuple[Told, Effects]:
        """What one record causes; for one that no step can take, a failure and nothing else."""
        told = None
        try:
            if record.topic == self._forwards:
                forward = self._wire.read_forward(record.value)
                told = _teller_of_forward(forward)
                if (walk := self._walks.get(forward["kind"])) is not None:
                    return told, walk(forward, place)
                return told, self._pipeline.forwarded(forward, record.key, place)
            event = self._wire.read_change(record.value)
            told = Told(event["system"], event_id(event), event["source_time"], _publisher(record.topic))
            return told, self._pipeline.change(event, record.key, told, place)
        except Unprocessable as failure:
            return told or _teller(record), Effects(failure)
        except self._passing:
            raise
        except Exception as error:
            told = told or _teller(record)
            return told, Effects(_bug(error, told))

    def _bury(self, record: Record, failure: Unprocessable, told: Told, batch: Batch, tally: Tally) -> None:
        letter = self._undertaker.bury(record, failure, system=told.system, event_id=told.event_id)
        batch.send(letter.topic, letter.key, letter.value)
        tally.quarantined(told.system, record.offset, told.time, event_id=told.event_id, failure=failure)

    def _tally(self, batch: Batch) -> Tally:
        return Tally(self.entity, batch.topic, batch.partition, self._name)

    def _send_outcomes(self, batch: Batch, tally: Tally) -> None:
        for outcome in tally.outcomes():
            batch.send(topics.OUTCOMES, outcome["system"].encode(), self._wire.write_outcome(outcome))


def _results(effects: Effects, processed: Ending) -> list[Ending]:
    """Every record meets one end here: it was buried, superseded, or else processed."""
    if effects.failure is None:
        for result, _ in effects.results:
            if result == "superseded":
                break
        else:
            return [*effects.results, processed]
    return effects.results


def _bug(error: Exception, told: Told) -> Unprocessable:
    """The error's own text may hold a value: only its kind and place are told."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "unknown"
    _log.error("a step failed on a record", event_id=told.event_id, error=type(error).__name__, place=place)
    message = f"{type(error).__name__} in {place}; report it, and replay with a version that mends it"
    return Unprocessable("process", Reason("unexpected_error", message))


def _teller_of_forward(forward: Forward) -> Told:
    return Told(forward["event_id"].partition("/")[0], forward["event_id"], forward["source_time"])


@lru_cache(maxsize=1024)
def _publisher(topic: str) -> str:
    """The system in `raw.<system>.<entity>`."""
    return topic.split(".")[1]


def _revision_of_marker(record: Record) -> int:
    """Of the manifest by which a source began to read anew; only its markers, which have no key, say it."""
    if record.key is not None:
        return 0
    stated = dict(record.headers).get(REVISION_HEADER, b"")
    return int(stated) if stated.isdigit() else 0


def _teller(record: Record) -> Told:
    """Of a record that cannot be read: its headers say which event it is, else its place does."""
    headers = dict(record.headers)
    place = f"{record.topic}/{record.partition}/{record.offset}"
    identity = headers.get("ce_id", b"").decode(errors="replace") or place
    return Told(_publisher(record.topic), identity, record.timestamp * 1000)
