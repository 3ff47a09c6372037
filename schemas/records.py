"""Typed views of the Avro records in `schemas/avro`: one TypedDict a record, the same names, the same order.

They cost nothing at run time: the codec reads and writes plain dicts. Times are microseconds since 1970 (UTC).
"""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

#: Fields of an entity (`person.avsc`, …) in canonical form; a field may be missing from the dict or None.
Entity: TypeAlias = dict[str, Any]
#: One source row by column name, values as `change_event` types them.
Row: TypeAlias = dict[str, Any]

Operation: TypeAlias = Literal["read", "create", "update", "delete", "truncate", "snapshot_begin", "snapshot_end"]
MARKERS: frozenset[str] = frozenset({"truncate", "snapshot_begin", "snapshot_end"})
DeliveryOperation: TypeAlias = Literal["upsert", "delete", "rename"]
Status: TypeAlias = Literal["live", "deleted", "moved"]
ForwardKind: TypeAlias = Literal["claims", "alias", "change", "reproject", "repeat", "close", "retract"]
Stage: TypeAlias = Literal["source", "decode", "validate", "normalise", "process", "sink"]
Result: TypeAlias = Literal[
    "captured",
    "routed",
    "delivered",
    "filtered",
    "unchanged",
    "held",
    "quarantined",
    "superseded",
    "echo",
    "processed",
]
Phase: TypeAlias = Literal["starting", "snapshot", "streaming", "retrying", "stopped", "paused"]
Direction: TypeAlias = Literal["publishing", "receiving"]
Action: TypeAlias = Literal["reveal", "edit", "retry", "discard", "supersede", "replay", "pause", "resume"]


class ChangeEvent(TypedDict):
    """`change_event.avsc`: value of `raw.<system>.<entity>`."""

    operation: Operation
    system: str
    resource: str
    row: str
    previous_row: str | None
    new_key: str | None
    epoch: int
    commit: int
    ordinal: int
    edit: int
    transaction: int | None
    source_time: int
    captured_time: int
    before: Row | None
    after: Row | None
    ours: NotRequired[bool | None]


class HeldField(TypedDict):
    """A field whose value a person must decide, and the canonical values that it may stand for."""

    field: str
    reason: str
    proposals: list[str]


class Claim(TypedDict):
    """`claim.avsc`: what one row says of an entity."""

    system: str
    resource: str
    row: str
    epoch: int
    commit: int
    ordinal: int
    mapping: int
    edit: int
    source_time: int
    values: Entity | None
    stated_null: list[str]
    echoed: list[str]
    under: str
    left_to: str | None
    aliases: list[str]
    formerly: list[str]
    held: list[HeldField]
    ours: NotRequired[bool | None]
    unheard: NotRequired[bool]
    named: NotRequired[str | None]


class Link(TypedDict):
    """One row's last word on which entity a key belongs to; `target` None: it says so no longer."""

    system: str
    resource: str
    row: str
    epoch: int
    commit: int
    ordinal: int
    mapping: int
    edit: int
    target: str | None


class Route(TypedDict):
    """What was last routed to one subscriber; an empty digest means that it does not hold the record."""

    system: str
    version: int
    digest: bytes
    unconfirmed: list[bytes]
    texts: list[str]


class EntityState(TypedDict):
    """`entity_state.avsc`: value of `entity.<entity>`."""

    key: str
    version: int
    status: Status
    value: Entity | None
    claims: list[Claim]
    routes: list[Route]
    moved_to: str | None
    aliases: list[str]
    source_time: int
    changed_time: int
    revision: int
    links: list[Link]


class Forward(TypedDict):
    """`forward.avsc`: value of `identify.<entity>`."""

    kind: ForwardKind
    formerly: str
    target: str | None
    claims: list[Claim]
    version: int
    renamed: list[str]
    change: bytes | None
    event_id: str
    source_time: int
    hops: int
    link: Link | None
    revision: int
    after: bytes | None
    complete: bool


class Delivery(TypedDict):
    """`delivery.avsc`: value of `to.<system>.<entity>`."""

    operation: DeliveryOperation
    key: str
    version: int
    moved_to: str | None
    fields: Entity | None
    origin: str
    event_id: str
    source_time: int
    routed_time: int
    revision: int


class DeadLetter(TypedDict):
    """`dead_letter.avsc`: value of `dead_letters`."""

    id: str
    system: str
    entity: str
    stage: Stage
    reason: str
    message: str
    field: str | None
    event_id: str
    trace_id: str
    topic: str
    partition: int
    offset: int
    time: int
    revision: int
    key_id: str
    payload: bytes | None


class Outcome(TypedDict):
    """`outcome.avsc`: value of `outcomes`."""

    result: Result
    system: str
    entity: str
    topic: str
    partition: int
    first: int
    last: int
    epoch: int
    count: int
    reason: str | None
    event_id: str | None
    oldest_source_time: int
    newest_source_time: int
    time: int
    process: str
    field: str | None


class Resync(TypedDict):
    """Part of `connector_state.avsc`: tables that are read anew while changes go on being read."""

    taken: dict[str, str]
    answers: list[str]
    resource: str
    left: int
    rows: int
    expected: int


class ConnectorState(TypedDict):
    """`connector_state.avsc`: value of `connectors`."""

    role: Literal["source", "sink"]
    system: str
    generation: int
    epoch: int
    phase: Phase
    detail: str
    message: str
    time: int
    resync: Resync | None


class ResyncRequest(TypedDict):
    """`resync_request.avsc`: value of `resyncs`."""

    id: str
    system: str
    resource: str
    rate: int
    time: int


class Pause(TypedDict):
    """`pause.avsc`: value of `pauses`."""

    system: str
    direction: Direction
    by: str
    why: str
    time: int


class Decision(TypedDict):
    """`decision.avsc`: value of `decisions`."""

    id: str
    action: Action
    subject: str
    system: str
    entity: str
    by: str
    why: str
    detail: str
    time: int
