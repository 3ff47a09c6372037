"""How a delivery looks as an HTTP request: one alone, or several together."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from connectors.lateness import key_text
from connectors.values import Stream, Write


class Template(NamedTuple):
    """`PUT /{into}/{key}`: a method, and a path below `connect: url`."""

    method: str
    path: str

    @classmethod
    def read(cls, text: str) -> "Template":
        """Raises ValueError."""
        method, _, path = text.partition(" ")
        if not method.isascii() or not method.isupper() or not path.startswith("/"):
            raise ValueError("write a method and a path, as in: PUT /{into}/{key}")
        if path.replace("{into}", "").replace("{key}", "").count("{"):
            raise ValueError("only {into} and {key} may stand in a path")
        return cls(method, path)


class Request(NamedTuple):
    """Ready to send. `path` is percent-encoded."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None


def idempotency_key(stream: Stream, offset: int) -> str:
    """The same each time that this delivery is sent, by whichever process."""
    return f"{stream.topic_id}/{stream.partition}/{offset}"


def request_of(write: Write, stream: Stream, template: Template, *, into: str, version_header: str) -> Request:
    """One delivery alone: an upsert has its columns in the body, a rename the new key, a delete nothing."""
    body: dict[str, Any] | None = None
    if write.operation == "upsert":
        body = {**write.values, **write.key}
    elif write.moved_to is not None:
        body = dict(write.moved_to)
    headers = {"Idempotency-Key": idempotency_key(stream, write.offset), version_header: str(write.version)}
    return Request(template.method, _path(template, into, write), headers, orjson.dumps(body) if body else None)


def batch_of(writes: Sequence[Write], stream: Stream, template: Template, *, into: str) -> Request:
    """Several together, in their order. See rest.py for what is in an item."""
    items = [
        {
            "operation": write.operation,
            "key": write.key,
            "moved_to": write.moved_to,
            "values": write.values if write.operation == "upsert" else None,
            "version": write.version,
            "idempotency_key": idempotency_key(stream, write.offset),
        }
        for write in writes
    ]
    headers = {"Idempotency-Key": f"{idempotency_key(stream, writes[0].offset)}-{writes[-1].offset}"}
    return Request(template.method, _path(template, into, None), headers, orjson.dumps({"items": items}))


def _path(template: Template, into: str, write: Write | None) -> str:
    key = _segment(key_text(write.key)) if write else ""
    return template.path.replace("{into}", quote(into, safe="/")).replace("{key}", key)


def _segment(text: str) -> str:
    quoted = quote(text, safe="")
    # A segment of dots would climb.
    return quoted.replace(".", "%2E") if not quoted.strip(".") else quoted
