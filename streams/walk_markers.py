"""What sets off a walk over all states of a partition: a marker in `identify.<entity>`."""

from typing import Final

from schemas.records import Forward, ForwardKind

#: Whose change it is that a walk finds: nobody's in the city.
ORIGIN: Final = "lienthong"


def reproject(revision: int, *, at: int) -> Forward:
    """`revision` of the catalogue, published `at` (microseconds since 1970)."""
    return _marker("reproject", f"{ORIGIN}/catalogue/{revision}/0/0", at=at, revision=revision)


def retract(event_id: str, *, at: int) -> Forward:
    """`event_id` of the change, `at` its time, that has voided what was said of its resource before."""
    return _marker("retract", event_id, at=at)


def close(before: int) -> Forward:
    """Close the graves made `before` (microseconds since 1970)."""
    return _marker("close", f"{ORIGIN}/close/1/{before:x}/0", at=before)


def _marker(kind: ForwardKind, event_id: str, *, at: int, revision: int = 0) -> Forward:
    return {
        "kind": kind,
        "formerly": "",
        "target": None,
        "claims": [],
        "version": 0,
        "renamed": [],
        "change": None,
        "event_id": event_id,
        "source_time": at,
        "hops": 0,
        "link": None,
        "revision": revision,
        "after": None,
        "complete": False,
    }
