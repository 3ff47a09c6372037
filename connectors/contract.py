"""What a kind of system must offer: `Source` and `Sink`; and what it may: `Readable`.

A kind is one file, `connectors/sources/<kind>.py` with `def source(manifest, settings)` or `connectors/sinks/<kind>.py`
with `def sink(manifest, settings)`, and a pydantic model `Connect` of its `connect:` block. The manifest comes with its
secrets resolved. The loops in `run_source` and `run_sink` do the rest. Each object is used by one thread. A file may
offer `forget(manifest, settings)`, too: it removes what the kind keeps at a system taken out, and says what that was.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from connectors.values import Changes, Difference, Expected, Finding, Rejected, Stream, Writes
from schemas.records import ConnectorState, Phase, Resync, ResyncRequest, Row


class Memory(Protocol):
    """A source's memory in Kafka: what it kept last, and the generation of this start (greater than any before)."""

    last: ConnectorState | None
    generation: int

    def keep(
        self, *, epoch: int, phase: Phase, detail: str = "", message: str = "", resync: Resync | None = None
    ) -> None:
        """Returns once Kafka has acknowledged; without `resync` the last one stays. Raises Fenced when replaced."""

    def asked(self) -> Sequence[ResyncRequest]:
        """What somebody wants to be read anew and no kept `resync` has taken up; answers at once."""


class Source(Protocol):
    """Reads one system; reads anew what is `asked`. Raises SourceUnavailable for what passes, Fenced when replaced."""

    def open(self, memory: Memory) -> None:
        """Connect, take over from a zombie, and go on after the last confirmed token, or begin with a snapshot."""

    def read(self, timeout: float) -> Changes | None:
        """The next changes, at once when there are any; None after at most `timeout` seconds without."""

    def confirm(self, token: object) -> None:
        """Kafka has acknowledged everything up to this token: the source may forget it."""

    def probe(self) -> list[Finding]:
        """Connection, permissions, structure; changes nothing."""

    def sample(self, entity: str, limit: int) -> list[Row]:
        """A few live rows, typed as `read` types them."""

    def close(self) -> None: ...


class Sink(Protocol):
    """Writes one system; `probe` as a source's. Raises SinkUnavailable for what passes, Fenced when replaced."""

    def open(self, streams: Sequence[Stream]) -> dict[Stream, int]:
        """Connect, fence older sinks off, and tell where each stream goes on: 0 where it is new or was recreated."""

    def write(self, writes: Writes, reject: Callable[[Rejected], None]) -> None:
        """Write all; call `reject` (it returns when the dead letter is safe) for what never can be, then commit."""

    def probe(self) -> list[Finding]: ...

    def close(self) -> None: ...


class Readable(Protocol):
    """A target that can be read back; a kind may offer `def readable(manifest, settings)`. Raises SinkUnavailable."""

    def position(self, stream: Stream) -> int:
        """Where the sink goes on in this stream, all before it being in the tables; -1 where it never wrote."""

    def prepare(self, entity: str) -> None:
        """Many rows will be compared soon: begin with what can be done before anybody knows what is expected."""

    def differences(self, entity: str, expected: Collection[Expected]) -> list[Difference]:
        """Where the table is not as expected, by what the target makes of values; no other rows are judged."""

    def strangers(self, entity: str, known: Iterable[str]) -> list[str]:
        """Keys of all rows but these, as the target shows them."""

    def close(self) -> None: ...
