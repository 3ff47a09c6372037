"""Puts a source's changes into Kafka: raw records, dead letters for what cannot be one, and what was captured."""

import time
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from connectors import metrics
from connectors.acknowledgements import Batch
from connectors.captured import Tally
from connectors.quarantine import Quarantine, Victim, as_json
from connectors.raw_plan import Header, Plan, make_plan
from connectors.values import Change, Changes
from schemas.codec import CodecError
from schemas.dead_letters import Reason
from schemas.identity import event_id, trace_id
from schemas.manifest import Manifest
from schemas.mapping import MappingError
from schemas.records import MARKERS, ChangeEvent
from schemas.registry import Registry
from schemas.topics import REVISION_HEADER

#: The producer itself refuses what is over its limit, which is the topics': the broker would refuse whole batches.
_TOO_LARGE: Final = KafkaError.MSG_SIZE_TOO_LARGE


class SourceRecords:
    """Hands changes to Kafka, without waiting for it. One thread uses it."""

    def __init__(
        self,
        producer: Producer,
        registry: Registry,
        manifest: Manifest,
        quarantine: Quarantine,
        *,
        revision: int = 0,
    ) -> None:
        """`revision`: of the catalogue that the manifest is from; readers of what follows a marker need it."""
        self._producer = producer
        self._registry = registry
        self._manifest = manifest
        self._quarantine = quarantine
        self._revision = (REVISION_HEADER, str(revision).encode())
        self._plans: dict[tuple[int, str, str], Plan] = {}
        self._times = (0, ("ce_time", b""))
        self._partitions: dict[str, int] = {}

    def open_batch(self) -> Batch:
        """For changes that are confirmed together: `send` them, then `close` it."""
        return Batch(self._producer)

    def begin(self, partitions: dict[str, int]) -> None:
        """The source is about to be opened. `partitions` of each raw topic: markers go to all of them."""
        self._partitions = partitions
        self._plans.clear()  # the shapes of an earlier opening do not come again

    def send(self, changes: Changes, batch: Batch) -> None:
        """Returns once the producer has taken all of it. Raises KafkaException, and what the registry raises."""
        tallies = batch.tallies
        for change in changes.items:
            event = change.event
            plan = self._plans.get((id(change.shape), change.entity, event["resource"])) or self._plan(change)
            if event["operation"] in MARKERS:
                self._send_marker(batch, plan, event)
                continue
            self._send_row(batch, plan, change)
            tally = tallies.get(change.entity)
            if tally is None:
                tally = tallies[change.entity] = Tally(event)
            tally.add(event)
        # Not before: where this ends half-way, what was sent so far is worth no more than the token before.
        batch.token = changes.token

    def close(self, batch: Batch) -> None:
        """Say what was captured with it: it counts as acknowledged when that is, too. Raises KafkaException."""
        for entity, tally in batch.tallies.items():
            self._tell(batch, entity, tally)
            batch.newest = max(batch.newest, tally.newest)

    def _plan(self, change: Change) -> Plan:
        resource = change.event["resource"]
        plan = make_plan(self._registry, self._manifest, change.entity, resource, change.shape)
        self._plans[id(change.shape), change.entity, resource] = plan
        return plan

    def _send_row(self, batch: Batch, plan: Plan, change: Change) -> None:
        event = change.event
        try:
            key = plan.key(event).encode()
            value = plan.encode(event)
        except (MappingError, CodecError, UnicodeEncodeError) as error:
            self._quarantine.bury(batch, Victim.of(change.entity, event), _reason(error), _payload(plan, event))
            return
        try:
            batch.put(plan.topic, value, key=key, headers=self._headers(plan, event))
        except KafkaException as error:
            if error.args[0].code() != _TOO_LARGE:
                raise
            self._quarantine.bury(batch, Victim.of(change.entity, event), _too_large(len(value)), None)

    def _send_marker(self, batch: Batch, plan: Plan, event: ChangeEvent) -> None:
        value, headers = plan.encode(event), [*self._headers(plan, event), self._revision]
        for partition in range(self._partitions[plan.topic]):
            batch.put(plan.topic, value, headers=headers, partition=partition)

    def _headers(self, plan: Plan, event: ChangeEvent) -> list[Header]:
        name = event_id(event)
        trace = trace_id(name)
        return [
            *plan.headers[event["operation"]],
            ("ce_id", name.encode()),
            self._time(event["source_time"]),
            ("traceparent", f"00-{trace}-{trace[:16]}-01".encode()),
        ]

    def _time(self, microseconds: int) -> Header:
        """All changes of a transaction have the same."""
        known, header = self._times
        if known != microseconds or not known:
            at = datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat(timespec="microseconds")
            header = ("ce_time", at.encode())
            self._times = (microseconds, header)
        return header

    def _tell(self, batch: Batch, entity: str, tally: Tally) -> None:
        system = self._manifest.system
        self._quarantine.tell(batch, tally.outcome(system, entity))
        metrics.CAPTURED.labels(system, entity).inc(tally.count)
        metrics.LAST_EVENT.labels(system).set(tally.newest / 1_000_000)
        metrics.CAPTURE_SECONDS.labels(system).set(time.time() - tally.newest / 1_000_000)


def _reason(error: MappingError | CodecError | UnicodeEncodeError) -> Reason:
    if isinstance(error, MappingError):
        return Reason(error.reason, error.message, error.field)
    if isinstance(error, CodecError):
        return Reason("not_encodable", str(error), error.path or None)
    return Reason("not_text", "the key holds bytes that are no text; correct them in the source")


def _too_large(size: int) -> Reason:
    return Reason("too_large", f"the change has {size} bytes, over the limit of a record; shorten it in the source")


def _payload(plan: Plan, event: ChangeEvent) -> bytes:
    """As it would stand in the raw topic where that is possible."""
    try:
        return plan.encode(event)
    except CodecError:
        return as_json(event)
