"""CloudEvents attributes of a delivery, as Kafka headers in binary mode, and the W3C trace that it belongs to."""

from datetime import UTC, datetime
from functools import lru_cache

from schemas.identity import trace_id

Headers = list[tuple[str, bytes]]


class Envelope:
    """The headers of all deliveries that one event causes. `source_time`: microseconds since 1970."""

    __slots__ = ("_shared", "_type")

    def __init__(self, entity: str, event_id: str, source_time: int) -> None:
        trace = trace_id(event_id)
        # An event id is <system>/<resource>/<epoch>/<commit>/<ordinal>, and a resource may hold slashes.
        source = "/systems/" + event_id.rsplit("/", 3)[0]
        self._type = f"vn.lienthong.{entity}."
        self._shared: Headers = [
            ("ce_specversion", b"1.0"),
            ("ce_id", event_id.encode()),
            ("ce_source", source.encode()),
            ("ce_time", _rfc3339(source_time).encode()),
            ("traceparent", f"00-{trace}-{trace[:16]}-01".encode()),
        ]

    def headers(self, operation: str) -> Headers:
        """For one delivery."""
        return [*self._shared, ("ce_type", (self._type + operation).encode())]


def _rfc3339(microseconds: int) -> str:
    seconds, fraction = divmod(microseconds, 1_000_000)
    return f"{_second(seconds)}.{fraction:06d}Z"


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        # A source's clock may say anything; the year 1 stands for "no such time".
        return "0001-01-01T00:00:00"
