"""CloudEvents attributes of a delivery, as Kafka headers in binary mode, and the W3C trace that it belongs to."""

from datetime import UTC, datetime
from functools import lru_cache

from schemas.identity import trace_id

Headers = list[tuple[str, bytes]]


_VERSION = ("ce_specversion", b"1.0")


class Envelope:
    """The headers of all deliveries that one event causes. `source_time`: microseconds since 1970."""

    __slots__ = ("_entity", "_known", "_shared")

    def __init__(self, entity: str, event_id: str, source_time: int) -> None:
        trace = trace_id(event_id)
        self._entity = entity
        self._known: dict[str, Headers] = {}
        self._shared: Headers = [
            _VERSION,
            ("ce_id", event_id.encode()),
            # An event id is <system>/<resource>/<epoch>/<commit>/<ordinal>, and a resource may hold slashes.
            _source(event_id.rsplit("/", 3)[0]),
            _time(source_time),
            ("traceparent", f"00-{trace}-{trace[:16]}-01".encode()),
        ]

    def headers(self, operation: str) -> Headers:
        """For one delivery; nobody changes them."""
        known = self._known.get(operation)
        if known is None:
            known = self._known[operation] = [*self._shared, _type(self._entity, operation)]
        return known


@lru_cache(maxsize=256)
def _type(entity: str, operation: str) -> tuple[str, bytes]:
    return ("ce_type", f"vn.lienthong.{entity}.{operation}".encode())


@lru_cache(maxsize=256)
def _source(system_and_resource: str) -> tuple[str, bytes]:
    return ("ce_source", f"/systems/{system_and_resource}".encode())


@lru_cache(maxsize=256)
def _time(microseconds: int) -> tuple[str, bytes]:
    """All changes of a transaction have the same."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    return ("ce_time", f"{_second(seconds)}.{fraction:06d}Z".encode())


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        # A source's clock may say anything; the year 1 stands for "no such time".
        return "0001-01-01T00:00:00"
