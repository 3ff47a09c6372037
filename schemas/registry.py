"""The schema registry (Confluent API), and records framed as Confluent's clients frame them.

A frame is a zero byte, the schema's id as four bytes big-endian, and the Avro bytes.
"""

import json
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar

import stamina

from schemas.codec import Codec, CodecError, JsonSchema, codec_for, resolving_decoder
from schemas.compatibility import IncompatibleSchema, unreadable
from schemas.errors import SchemasError
from schemas.kafka_security import registry_clients
from schemas.registry_http import UNREACHABLE, RegistryAnswer, RegistryHttp
from schemas.settings import Settings

HEAD: Final = 5
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
#: What a proxy, or a registry that is starting or stopping, answers.
_PASSING: Final = frozenset({429, 502, 503, 504})
_ANSWER_SECONDS: Final = 10.0

Level: TypeAlias = Literal[
    "NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"
]
#: From bytes and the offset where a record begins to the record.
Decode: TypeAlias = Callable[..., Any]
T = TypeVar("T")


class RegistryUnavailable(SchemasError):  # noqa: N818 - says what is the matter, as its siblings do
    """The registry cannot be reached: trouble that passes. Try again, and never blame a record for it."""


class RegistryRefused(SchemasError):  # noqa: N818
    """The registry answered that it will not: asking again will not help."""


class Registry:
    """Safe to share between threads. Each call tries again, with back-off, for `patience` seconds.

    Every call raises RegistryUnavailable after that, and RegistryRefused for an answer that is no.
    """

    def __init__(self, url: str, *, patience: float = 30.0) -> None:
        """`url`: base of the Confluent API, with its path, e.g. http://127.0.0.1:8081/apis/ccompat/v7."""
        self.url = url
        self._patience = patience
        settings = Settings()
        clients = registry_clients(settings.clients, secrets=settings.secrets)
        self._client = RegistryHttp(url, clients, timeout=_ANSWER_SECONDS)
        self._levels: dict[str, Level] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._schemas: dict[int, dict[str, Any]] = {}

    def register(self, subject: str, schema: JsonSchema) -> int:
        """The schema's id; a schema that the subject knows already keeps its id.

        A new one is checked first, at the level that `set_compatibility` set here (BACKWARD where it did not), and the
        registry is told to hold everybody to that level. Raises IncompatibleSchema.
        """
        text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
        if (subject, text) not in self._ids:
            given = self._register(subject, schema, text)
            # Also for what was known: whoever registered it may have died before this.
            self._apply_level(subject)
            self._ids[subject, text] = given
        return self._ids[subject, text]

    def schema(self, schema_id: int) -> dict[str, Any] | None:
        """The schema of an id, asked for once; None where the registry answers that there is no such id."""
        if schema_id not in self._schemas:
            found = self._ask(f"reading schema {schema_id}", lambda: self._client.schema(schema_id))
            if found is None:
                return None
            self._schemas[schema_id] = json.loads(found)
        return self._schemas[schema_id]

    def latest(self, subject: str) -> dict[str, Any] | None:
        """The newest schema of a subject, as it is now; None where there is no such subject."""
        found = self._ask(f"reading the latest schema of {subject}", lambda: self._client.latest(subject))
        return None if found is None else dict(json.loads(found))

    def set_compatibility(self, subject: str, level: Level) -> None:
        """What `register` checks from now on. A subject that does not exist yet gets its level when it does."""
        self._levels[subject] = level
        self._apply_level(subject)

    def _register(self, subject: str, schema: JsonSchema, text: str) -> int:
        known = self._ask(f"looking up a schema of {subject}", lambda: self._client.known(subject, text))
        if known is not None:
            return known
        latest = self.latest(subject)
        if latest is not None:
            self._check(subject, latest, schema)
            # The registry would else hold it to the level of before.
            self._apply_level(subject)
        given = self._ask(f"registering {subject}", lambda: self._client.register(subject, text), subject)
        if given is None:
            raise RegistryRefused(
                f"registering {subject} at {self.url}: not found; is the address the Confluent API's?"
            )
        return given

    def _check(self, subject: str, latest: JsonSchema, schema: JsonSchema) -> None:
        level = self._levels.get(subject, "BACKWARD")
        problems = []
        if level.startswith(("BACKWARD", "FULL")):
            problems += [f"the new cannot read the old: {p}" for p in unreadable(written=latest, reader=schema)]
        if level.startswith(("FORWARD", "FULL")):
            problems += [f"the old cannot read the new: {p}" for p in unreadable(written=schema, reader=latest)]
        if problems:
            raise _incompatible(subject, "; ".join(problems))

    def _apply_level(self, subject: str) -> None:
        level = self._levels.get(subject, "BACKWARD")
        doing = f"setting the compatibility of {subject}"
        self._ask(doing, lambda: self._client.set_compatibility(subject, level))

    def _ask(self, doing: str, call: Callable[[], T], registering: str = "") -> T | None:
        """The answer; None for 404."""

        def passes(error: Exception) -> bool:
            # Beside registering, a conflict is with somebody who does the same at the same moment.
            return _is_passing(error) or (not registering and _is_conflict(error))

        try:
            for attempt in stamina.retry_context(
                on=passes, attempts=None, timeout=self._patience, wait_initial=0.1, wait_max=2.0, wait_jitter=0.2
            ):
                with attempt:
                    return call()
        except RegistryAnswer as error:
            if error.status == _NOT_FOUND:
                return None
            if _is_conflict(error) and registering:
                raise _incompatible(registering, error.message) from error
            if not _is_passing(error):
                raise RegistryRefused(f"{doing} at {self.url}: {error}; correct the schema or the request") from error
            raise self._unavailable(doing, error) from error
        except UNREACHABLE as error:
            raise self._unavailable(doing, error) from error
        return None

    def _unavailable(self, doing: str, error: Exception) -> RegistryUnavailable:
        return RegistryUnavailable(
            f"{doing} at {self.url}: {type(error).__name__}: {error}; see whether the registry runs and is reachable"
        )


def _is_passing(error: Exception) -> bool:
    return error.status in _PASSING if isinstance(error, RegistryAnswer) else isinstance(error, UNREACHABLE)


def _is_conflict(error: Exception) -> bool:
    return isinstance(error, RegistryAnswer) and error.status == _CONFLICT


def _incompatible(subject: str, what: str) -> IncompatibleSchema:
    return IncompatibleSchema(
        f"registering a schema of {subject}: {what}; append fields with defaults instead of changing what there is, or "
        "start a new subject"
    )


class Schemas(Protocol):
    """What framing asks of a registry. Trouble in reaching it is raised as it is: it is no fault of a record."""

    def register(self, subject: str, schema: Any) -> int:
        """The id of the schema under the subject."""

    def schema(self, schema_id: int) -> dict[str, Any] | None:
        """The schema of an id; None where the registry answers that there is no such id."""


class NotFramed(CodecError):  # noqa: N818 - says what is the matter, as its siblings do
    """Bytes that do not begin as a framed record does."""


class UnknownSchema(CodecError):  # noqa: N818
    """A framed record whose schema id the registry does not know."""


def frame(schema_id: int, payload: bytes) -> bytes:
    """Avro bytes with the schema's id in front."""
    return head_of(schema_id) + payload


def head_of(schema_id: int) -> bytes:
    """The five bytes in front of every record of a schema."""
    return b"\0" + schema_id.to_bytes(4, "big")


def unframe(data: bytes) -> tuple[int, int]:
    """(schema id, where the Avro bytes begin). Raises NotFramed."""
    if not isinstance(data, bytes) or len(data) < HEAD or data[0]:
        raise NotFramed("reading a frame: no zero byte and schema id in front; was it written without the registry?")
    return int.from_bytes(data[1:HEAD], "big"), HEAD


class Writer:
    """Frames the records of one subject. `encode(record) -> bytes` raises CodecError for what does not fit."""

    __slots__ = ("encode", "schema_id")

    def __init__(self, registry: Schemas, subject: str, schema: JsonSchema) -> None:
        """Registers the schema. Raises what `Registry.register` raises."""
        self.schema_id = registry.register(subject, schema)
        self.encode: Callable[[Any], bytes] = _framing(codec_for(schema), head_of(self.schema_id))


def _framing(codec: Codec, head: bytes) -> Callable[[Any], bytes]:
    encode = codec.encode
    return lambda record: head + encode(record)


class Decoder:
    """Reads framed records by the schema that wrote each, as `reader` sees them where one is given.

    `make` stands in for both: from a writer's schema to a function (bytes, offset) -> record.

    `decode(framed) -> record` raises NotFramed, UnknownSchema, CodecError for other bytes at fault, IncompatibleSchema
    or SchemaError where the writer's schema cannot be read, and what the registry raises.
    """

    __slots__ = ("_decoders", "_lock", "_make", "_registry")

    def __init__(
        self, registry: Schemas, reader: JsonSchema | None = None, *, make: Callable[[Any], Decode] | None = None
    ) -> None:
        self._registry = registry
        self._make = make or (_as_written if reader is None else lambda writer: resolving_decoder(writer, reader))
        self._decoders: dict[bytes, Decode] = {}
        self._lock = Lock()

    def decode(self, framed: bytes) -> Any:
        """The record."""
        try:
            decode = self._decoders[framed[:HEAD]]
        except (KeyError, TypeError):
            decode = self._learn(framed)
        return decode(framed, HEAD)

    def _learn(self, framed: bytes) -> Decode:
        schema_id, _ = unframe(framed)
        with self._lock:
            schema = self._registry.schema(schema_id)
            if schema is None:
                raise UnknownSchema(f"reading a frame: schema id {schema_id} is unknown to the registry")
            decode = self._decoders[framed[:HEAD]] = self._make(schema)
        return decode


def _as_written(schema: JsonSchema) -> Decode:
    return codec_for(schema).decode
