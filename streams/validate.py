"""Does the event make sense, and does the catalogue know its resource?"""

from collections.abc import Mapping
from typing import TypeVar

from schemas.dead_letters import Reason
from schemas.records import MARKERS, ChangeEvent
from streams.errors import Unprocessable

_WITH_ROW = frozenset({"read", "create", "update"})
ResourceT = TypeVar("ResourceT")


def validate(
    event: ChangeEvent, key: bytes | None, *, publisher: str, resources: Mapping[tuple[str, str], ResourceT]
) -> ResourceT:
    """What the catalogue says of the event's resource. `publisher`: the system whose topic it came through.

    Raises Unprocessable, which names what is missing.
    """
    if event["system"] != publisher:
        raise _invalid("wrong_topic", f"an event of system {event['system']} in a topic of {publisher}; see its source")
    resource = resources.get((event["system"], event["resource"]))
    if resource is None:
        raise _invalid(
            "unknown_resource",
            f"{event['system']} does not publish {event['resource']}; add it to the manifest, apply it, replay",
        )
    if event["operation"] in MARKERS:
        return resource
    if not key:
        raise _invalid("missing_key", "a change without a record key; see the manifest's `key` and the source")
    if event["operation"] in _WITH_ROW and event["after"] is None:
        raise _invalid("missing_row", f"{event['operation']} without the row as it is now; see the source")
    return resource


def _invalid(code: str, message: str) -> Unprocessable:
    return Unprocessable("validate", Reason(code, message))
