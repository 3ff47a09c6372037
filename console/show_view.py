"""`lienthong show` on a terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from console.masking import masked, masked_key
from console.screen import plain_table
from schemas.catalogue import Catalogue
from schemas.compose import entity_fields
from schemas.records import Claim, EntityState


class Saying(NamedTuple):
    """What one claim says of one field; a stated empty value is None."""

    claim: Claim
    value: str | None


def sayings(state: EntityState, catalogue: Catalogue, *, entity: str, field: str) -> list[Saying]:
    """All live claims that are not silent on the field, the one that decides first."""
    order = catalogue.order(entity, field)
    found = [
        Saying(claim, claim["values"].get(field))
        for claim in state["claims"]
        if claim["values"] is not None and (claim["values"].get(field) is not None or field in claim["stated_null"])
    ]
    found.sort(key=lambda saying: _position(saying.claim), reverse=True)
    return sorted(found, key=lambda saying: _rank(order, saying.claim["system"]))


def _rank(order: tuple[str, ...], system: str) -> int:
    return order.index(system) if system in order else len(order)


def _position(claim: Claim) -> tuple[int, ...]:
    return (claim["epoch"], claim["commit"], claim["ordinal"], claim["mapping"], claim["edit"])


def state_view(state: EntityState, catalogue: Catalogue, *, entity: str, show_values: bool) -> RenderableType:
    """Head line, one line a claim and field, and who holds the record. Identifiers are masked unless asked for."""
    key = state["key"] if show_values else masked_key(state["key"])
    parts: list[RenderableType] = [
        Text.assemble(
            (key, "bold"), f"  {state['status']}, version {state['version']}, {_time(state['changed_time'])}"
        ),
        *(Text(line, style="dim") for line in _history(state, show_values=show_values)),
    ]
    if state["status"] == "live":
        parts.append(_table(state, catalogue, entity, show_values=show_values))
        parts.append(Text("✔ decides; the others are kept, and count when it falls silent", style="dim"))
    holders = ", ".join(
        f"{route['system']} (version {route['version']})" for route in state["routes"] if route["digest"]
    )
    parts.append(Text(f"Sent to: {holders or 'nobody'}"))
    return Group(*parts)


def _history(state: EntityState, *, show_values: bool) -> Iterator[str]:
    shown = str if show_values else masked_key
    if state["moved_to"] is not None:
        yield f"now known as {shown(state['moved_to'])}: lienthong show person <that key>"
    if state["aliases"]:
        yield f"formerly {', '.join(map(shown, state['aliases']))}"


def _table(state: EntityState, catalogue: Catalogue, entity: str, *, show_values: bool) -> Table:
    table = plain_table()
    for name in ("Field", "", "Value", "Said by", "Since"):
        table.add_column(name, overflow="fold")
    for field, canonical in entity_fields(entity).items():
        for place, (claim, value) in enumerate(sayings(state, catalogue, entity=entity, field=field)):
            shown = value if show_values else masked(value, canonical)
            cell = Text("(stated empty)", style="dim") if shown is None else Text(str(shown))
            who = f"{claim['system']} {claim['resource']}"
            table.add_row("" if place else field, "" if place else "✔", cell, who, _time(claim["source_time"]))
    return table


def _time(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).astimezone().strftime("%d/%m/%Y %H:%M:%S")
