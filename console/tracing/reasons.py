"""Why a subscriber was sent nothing of a record, by the same rules as the streams'."""

from typing import Any

from console.deciding import live_claims
from schemas.catalogue import Catalogue
from schemas.expressions import compile_where
from schemas.identity import identifier
from schemas.manifest import OWN, WHOLE_KEY
from schemas.records import EntityState

Sentence = tuple[str, dict[str, Any]]


def why_nothing(catalogue: Catalogue, state: EntityState, *, entity: str, system: str) -> Sentence | None:
    """The reason by the present rules; None where by these the record is within the subscriber's scope."""
    subscription = catalogue.subscription(system, entity)
    value = state["value"]
    if not state["version"]:
        return "unknown_yet", {"system": system}
    if subscription is None or value is None or state["status"] != "live":
        return "is_gone", {"system": system}
    kind = subscription.key.kind
    if kind == OWN and not any(claim["system"] == system for claim in live_claims(state)):
        return "no_own_row", {"system": system}
    if kind not in (OWN, WHOLE_KEY) and identifier(state["key"], kind) is None:
        return "no_number", {"system": system, "kind": kind}
    if subscription.where and not compile_where(subscription.where, entity)(value):
        return "out_of_scope", {"system": system, "where": subscription.where}
    return None
