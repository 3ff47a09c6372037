"""From what was decided to bytes: everything that one record causes, complete before the first of it is sent."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from schemas import topics
from schemas.codec import CodecError
from schemas.dead_letters import Reason
from schemas.kafka import MAX_RECORD_BYTES
from schemas.records import Claim, EntityState, Forward, ForwardKind, HeldField, Link, Result
from streams.cloudevents import Envelope, Headers
from streams.engine.records import Record
from streams.errors import Unprocessable
from streams.merge import Cause
from streams.route import Routed, Sent
from streams.wire import Wire

#: What key, headers and framing of a record may take beside its value.
_OVERHEAD_BYTES = 4_000
LARGEST_VALUE = MAX_RECORD_BYTES - _OVERHEAD_BYTES
#: Avro's choice of null, and of the entity, for the fields of a delivery.
_NO_FIELDS, _FIELDS = b"\0", b"\2"


class State(Protocol):
    """The state of one partition as a batch sees it: its own writes included."""

    def get(self, key: bytes) -> bytes | None: ...
    def put(self, key: bytes, value: bytes | None) -> None: ...
    def scan(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]: ...


class Batch(Protocol):
    """Contiguous records of one topic partition, and where their outputs go: all of them count, or none."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def records(self) -> Sequence[Record]: ...
    @property
    def state(self) -> State: ...

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None: ...


class Output(NamedTuple):
    """One record to be sent. `partition` None: the home of the key. `value` None: a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers | None = None
    partition: int | None = None


@dataclass(slots=True)
class Effects:
    """All that one record causes. `results`: (result, system), one a record and system concerned.

    `failure`: why the record itself is to be buried, while what it shows of its row's place still counts.
    `held`: fields that wait for a person, while the rest of the record flows on.
    """

    failure: Unprocessable | None = None
    states: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    results: list[tuple[Result, str]] = field(default_factory=list)
    held: list[HeldField] = field(default_factory=list)

    def bury(self, failure: Unprocessable) -> None:
        """The record itself is for the dead letters; what it has shown all the same still counts."""
        self.failure = failure
        self.forget_silence()

    def forget_silence(self) -> None:
        """Keep only what was sent: of a record that is no change itself, "filtered" and "unchanged" say nothing."""
        self.results = [entry for entry in self.results if entry[0] == "routed"]

    def tell_echoes(self, systems: Collection[str]) -> None:
        """What is unchanged for a system whose own record only repeats what it was sent, is an echo."""
        self.results = [
            ("echo", system) if result == "unchanged" and system in systems else (result, system)
            for result, system in self.results
        ]

    def after(self, earlier: "Effects") -> "Effects":
        """With what comes before."""
        if earlier.states:
            self.states[:0], self.outputs[:0], self.results[:0] = earlier.states, earlier.outputs, earlier.results
        return self

    def add(self, further: "Effects") -> None:
        """What else the record causes."""
        self.states += further.states
        self.outputs += further.outputs
        self.results += further.results

    def apply(self, batch: Batch) -> None:
        """Hand everything to the batch."""
        for key, value in self.states:
            batch.state.put(key, value)
        for sent in self.outputs:
            batch.send(sent.topic, sent.key, sent.value, headers=sent.headers, partition=sent.partition)


@dataclass(slots=True)
class Parcel:
    """What goes to the owner of another key in one forward."""

    to: str
    claims: list[Claim] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    #: Whether these are all claims of the sender's that count there.
    is_complete: bool = False


class Sender(NamedTuple):
    """The key that forwards something, and the key at which its claims count, if not here.

    `hops`: forwards that have led to this one.
    """

    key: str
    version: int
    target: str | None
    hops: int


class Emitter:
    """Turns decisions into effects. Every method raises Unprocessable for what no schema or broker takes."""

    def __init__(self, entity: str, wire: Wire) -> None:
        self._entity = entity
        self._wire = wire

    def state(self, state: EntityState, effects: Effects) -> None:
        """The key's state, for this partition and its changelog."""
        effects.states.append((state["key"].encode(), _fit("state", self._wire.write_state, state)))

    def deliveries(self, state: EntityState, routed: Routed, cause: Cause, effects: Effects) -> None:
        """One record a subscriber whose view has changed; what they share is encoded once."""
        effects.results += routed.results
        if not routed.sent:
            return
        envelope = Envelope(self._entity, cause.event_id, cause.source_time)
        after = _fit("delivery", self._wire.encode_after, _after_fields(cause))
        befores: dict[tuple[str, str], bytes] = {}
        for sent in routed.sent:
            operation, topic, view = sent.operation, sent.subscriber.topic, sent.view
            before = befores.get((operation, sent.key))
            if before is None:
                before = _fit("delivery", self._wire.encode_before, _before_fields(state, sent))
                befores[operation, sent.key] = before
            fields = _NO_FIELDS if view is None else _FIELDS + view.encoded
            value = self._wire.delivery_heads[topic] + before + fields + after
            _refuse_large("delivery", value)
            effects.outputs.append(Output(topic, sent.key.encode(), value, envelope.headers(operation)))

    def forward(self, parcel: Parcel, sender: Sender, cause: Cause, effects: Effects) -> None:
        """Claims for the owner of another key, and whom that owes its present state."""
        claims, more = parcel.claims, {"renamed": parcel.renamed, "complete": parcel.is_complete}
        try:
            self._forward(parcel.to, "claims", sender, cause, effects, claims=claims, **more)
        except Unprocessable:
            if len(claims) < 2:
                raise
            half = len(claims) // 2
            self.forward(Parcel(parcel.to, claims[:half], is_complete=parcel.is_complete), sender, cause, effects)
            self.forward(Parcel(parcel.to, claims[half:], parcel.renamed), sender, cause, effects)

    def link(self, alias: str, link: Link, sender: Sender, cause: Cause, effects: Effects) -> None:
        """What a row says of another key, for the owner of that key."""
        self._forward(alias, "alias", sender, cause, effects, link=link)

    def marker(self, marker: Forward, partition: int, effects: Effects) -> None:
        """Sets off a walk in this partition, or a further step of it."""
        value = _fit("forward", self._wire.write_forward, marker)
        effects.outputs.append(Output(topics.identify(self._entity), None, value, partition=partition))

    def _forward(self, to: str, kind: ForwardKind, sender: Sender, cause: Cause, effects: Effects, **more: Any) -> None:
        forward: Forward = {
            "kind": kind,
            "formerly": sender.key,
            "target": sender.target,
            "claims": [],
            "version": sender.version,
            "renamed": [],
            "change": None,
            "event_id": cause.event_id,
            "source_time": cause.source_time,
            "hops": sender.hops + 1,
            "link": None,
            "revision": cause.revision,
            "after": None,
            "complete": False,
        }
        value = _fit("forward", self._wire.write_forward, forward | more)
        effects.outputs.append(Output(topics.identify(self._entity), to.encode(), value))


def _fit(shape: str, encode: Callable[[Any], bytes], record: object) -> bytes:
    try:
        value = encode(record)
    except CodecError as error:
        raise Unprocessable("process", Reason("not_encodable", f"{error}; see the manifest's mapping")) from error
    _refuse_large(shape, value)
    return value


def _refuse_large(shape: str, value: bytes) -> None:
    if len(value) > LARGEST_VALUE:
        message = f"{len(value)} bytes, and Kafka takes at most {LARGEST_VALUE}; shorten the values in the source"
        raise Unprocessable("process", Reason(f"{shape}_too_large", message))


def _before_fields(state: EntityState, sent: Sent) -> dict[str, Any]:
    """See `delivery.avsc`, as below."""
    return {
        "operation": sent.operation,
        "key": sent.key,
        "version": state["version"],
        "moved_to": state["moved_to"] if sent.operation == "rename" else None,
    }


def _after_fields(cause: Cause) -> dict[str, Any]:
    return {
        "origin": cause.origin,
        "event_id": cause.event_id,
        "source_time": cause.source_time,
        "routed_time": cause.now,
        "revision": cause.revision,
    }
