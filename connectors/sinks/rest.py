"""The sink `rest`: deliveries become HTTP requests to a system that has no transactions with us.

**Alone** (no `batch`): `PUT /{into}/{key}` with the row as JSON, `DELETE /{into}/{key}`, `POST /{into}/{key}/rename`
with the new key as JSON; an old key that the target does not know is no error, and a row that is at the new key already
stays while the old one ends. Headers: `Idempotency-Key`, the same for a delivery whenever it is sent, and `X-Version`,
which grows with each state of a key.

**Together** (`batch: {send: "POST /{into}/batch", most: 100}`): `{"items": [{operation, key, moved_to, values, version,
idempotency_key}]}`, to be applied in this order; the answer is `{"results": [{"status": 200}, …]}`, one each.

Answers, also those to one item: 2xx done. 412 (`holds_newer`) done: the target has something newer. 404 and 410 to a
delete or rename: done. 400, 409, 410, 413, 414, 422, 431, 451: a dead letter; a JSON body may name `reason` (a code)
and `column`, nothing else of it is kept. A batch that is refused as a whole is halved until the item is found.
Everything else, and no answer, is trouble: 429, 5xx, time-outs; also what a person mends: 401, 403, 404 to a PUT,
redirects. Trouble is tried again in order, with back-off, without end, never before the time that a Retry-After names.

What is kept where: the position is an offset of the consumer group `lienthong.position.<system>`, committed after the
target has answered, by an owner that fences older ones (connectors/group_positions.py). What remains possible:
- A process that dies between an answer and the commit, or is replaced there, has its deliveries of that batch (2,000 at
  most) sent again by the next one, with the same idempotency keys and versions.
- A frozen process that wakes up may send what it was about to (one request) after its successor's. Before any
  other it asks Kafka, and stops. A target that refuses versions below what it holds is never wrong, also for a moment.
- Renames whose order the target sees twisted are put right by what this process remembers; after a takeover, by the
  full state that follows each rename.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from connectors.errors import SinkUnavailable
from connectors.group_positions import GroupPositions
from connectors.sinks.rest_target.answers import Refused, Troubled
from connectors.sinks.rest_target.plan import Known, planned
from connectors.sinks.rest_target.sender import Sender
from connectors.sinks.rest_target.settings import Connect
from connectors.values import Finding, Rejected, Stream, Write, Writes
from schemas.manifest import Manifest
from schemas.settings import Settings

#: How long Kafka's word is believed that this process is the owner.
_PROVED_SECONDS = 1.0


def sink(manifest: Manifest, settings: Settings) -> "RestSink":
    """The sink of one system; its secrets are resolved."""
    connect = Connect.model_validate(manifest.connect)
    group = connect.group or f"lienthong.position.{manifest.system}"
    return RestSink(manifest, connect, GroupPositions(settings.kafka, group))


class RestSink:
    """See `connectors.contract.Sink`, and above what a target without transactions cannot have."""

    def __init__(self, manifest: Manifest, connect: Connect, positions: GroupPositions) -> None:
        self._system = manifest.system
        self._subscriptions = manifest.subscribes
        self._connect = connect
        self._positions = positions
        self._sender: Sender | None = None
        self._known: dict[str, Known] = {}
        #: What the target has answered of a batch that is not committed, by offset.
        self._answered: dict[Stream, dict[int, Refused | None]] = {}
        self._not_before = 0.0

    def open(self, streams: Sequence[Stream]) -> dict[Stream, int]:
        """See Sink. Opened again, after trouble, it goes on as the same sink: Fenced when another has begun since."""
        if self._sender is not None:
            self._sender.close()
        try:
            self._sender = Sender(self._connect)
        except OSError as error:
            raise SinkUnavailable(f"reading {self._connect.ca}: {error.strerror}; correct `connect: ca`") from error
        return {stream: self._positions.take(stream) for stream in streams}

    def write(self, writes: Writes, reject: Callable[[Rejected], None]) -> None:
        """See Sink. After SinkUnavailable what the target has answered is not sent again by this process."""
        stream = writes.stream
        self._positions.expect(stream, writes.expected)
        if self._sender is None or time.monotonic() < self._not_before:
            raise SinkUnavailable(f"writing {stream.topic}: the target has asked to be left alone for a while")
        plan, known = planned(writes.items, self._known.get(stream.entity, Known()))
        answered = self._answered.setdefault(stream, {})
        self._positions.prove(stream, every=0)
        for place, write in plan:
            if refused := answered.get(write.offset):
                reject(Rejected(place, refused.reason, refused.message, refused.column))
        for part in _parts((item for item in plan if item[1].offset not in answered), self._most):
            self._positions.prove(stream, every=_PROVED_SECONDS)
            self._send(self._sender, stream, part, reject)
        self._positions.advance(stream, writes.next_offset)
        self._answered.pop(stream)
        self._known[stream.entity] = known

    def probe(self) -> list[Finding]:
        """See Sink. Sends one OPTIONS."""
        sender = Sender(self._connect)
        try:
            answer = sender.reach()
        finally:
            sender.close()
        if isinstance(answer, Troubled):
            return [Finding(self._system, answer.message, "correct `connect: url`, or see that the service runs")]
        if answer.status in (401, 403):
            return [Finding(self._system, f"answer {answer.status}", "correct the credentials in `connect: headers`")]
        return [Finding(self._system, "", "")]

    def close(self) -> None:
        """See Sink."""
        if self._sender is not None:
            self._sender.close()
        self._sender = None
        self._positions.close()

    @property
    def _most(self) -> int:
        return self._connect.batch.most if self._connect.batch else 1

    def _send(
        self, sender: Sender, stream: Stream, part: Sequence[tuple[int, Write]], reject: Callable[[Rejected], None]
    ) -> None:
        writes = [write for _, write in part]
        verdicts = sender.together(writes, stream, self._subscriptions[stream.entity])
        for (place, write), verdict in zip(part, verdicts, strict=False):
            if isinstance(verdict, Troubled):
                self._not_before = time.monotonic() + verdict.wait
                raise SinkUnavailable(f"writing {stream.topic}, {write.operation}: {verdict.message}")
            refused = verdict if isinstance(verdict, Refused) else None
            if refused:
                reject(Rejected(place, refused.reason, refused.message, refused.column))
            self._answered[stream][write.offset] = refused


def _parts(items: Iterator[tuple[int, Write]], most: int) -> Iterator[list[tuple[int, Write]]]:
    while part := list(islice(items, most)):
        yield part
