"""`lienthong show` on a terminal."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from console.deciding import (
    DECIDES,
    Saying,
    Standing,
    disputed,
    existence,
    gone_claims,
    live_claims,
    owners_of,
    sayings,
)
from console.field_words import field_word
from console.finding import Found
from console.masking import masked, masked_key, masked_row
from console.screen import plain_table
from console.words import Language
from schemas.catalogue import Catalogue
from schemas.compose import entity_fields
from schemas.records import Claim, EntityState
from schemas.rules.dates import ZONE


@dataclass(frozen=True)
class Showing:
    """How a record is shown. `mask`: from a value and its canonical format to what may be seen of it."""

    catalogue: Catalogue
    entity: str
    language: Language
    mask: Callable[[str, str], str]
    mask_key: Callable[[str], str]
    mask_row: Callable[[str], str]


def showing(catalogue: Catalogue, entity: str, language: Language, *, show_values: bool) -> Showing:
    """Identifiers are masked unless `show_values`."""
    if show_values:
        return Showing(catalogue, entity, language, lambda value, _: value, str, str)
    return Showing(catalogue, entity, language, masked, masked_key, masked_row)


def record_view(found: Found, how: Showing) -> RenderableType:
    """Head lines, a table with every word on every field, and who holds the record."""
    state = found.state
    parts: list[RenderableType] = [_head(state, how), *(Text(line, style="dim") for line in _history(found, how))]
    if live_claims(state):
        parts += ["", _fields(state, how)]
    parts += [Text(line, style="dim") for line in _gone(state, how)]
    return Group(*parts, "", _subscribers(state, how))


def _head(state: EntityState, how: Showing) -> Text:
    name = state["status"] if state["version"] else "never_was"
    facts = how.language.word(name, version=state["version"], time=_time(state["changed_time"]))
    return Text.assemble((how.mask_key(state["key"]), "bold"), f"  {facts}")


def _history(found: Found, how: Showing) -> Iterator[str]:
    state, word = found.state, how.language.word
    if found.by_field is not None:
        canonical = entity_fields(how.entity)[found.by_field]
        label = field_word(how.entity, found.by_field, how.language)
        yield word("found_by", asked=how.mask(found.asked, canonical), field=label)
    elif found.asked != state["key"]:
        yield word("asked", asked=how.mask_key(found.asked), key=how.mask_key(state["key"]))
    if state["aliases"]:
        yield word("formerly", keys=_keys(state["aliases"], how))
    for claim in live_claims(state):
        named = [key for key in (*claim["aliases"], *claim["formerly"]) if key not in state["aliases"]]
        if named:
            yield word("also", keys=_keys(named, how), who=_row(claim, how))
    told = {f"{link['system']} {how.mask_row(link['row'])} → {how.mask_key(key)}" for link, key in disputed(state)}
    if told:
        yield word("disputed", said="; ".join(sorted(told)))
    why = existence(state, how.catalogue, entity=how.entity)
    systems, owners = ", ".join(why.systems), ", ".join(why.owners)
    yield word("existence", why=word(why.word, systems=systems, owners=owners))


def _keys(keys: list[str], how: Showing) -> str:
    return ", ".join(dict.fromkeys(map(how.mask_key, keys)))


def _fields(state: EntityState, how: Showing) -> Table:
    table = plain_table()
    for name in ("field", "", "value", "said_by", "since", "why"):
        table.add_column(how.language.word(name) if name else "", overflow="fold")
    for field, canonical in entity_fields(how.entity).items():
        label = field_word(how.entity, field, how.language)
        said = sayings(state, how.catalogue, entity=how.entity, field=field)
        if not said:
            table.add_row(label, "", "", "", "", Text(how.language.word("nobody_says"), style="dim"))
        for place, saying in enumerate(said):
            mark = "✔" if saying.standing in DECIDES else "?" if saying.standing is Standing.held else ""
            who, since = _row(saying.claim, how), _time(saying.claim["source_time"])
            value = _value(saying, canonical, how)
            table.add_row("" if place else label, mark, value, who, since, _why(saying, field, how))
    return table


def _value(saying: Saying, canonical: str, how: Showing) -> Text:
    if saying.held is not None:
        proposals = [how.mask(value, canonical) for value in saying.held["proposals"]]
        return Text(how.language.word("or").join(proposals) + (" ?" if proposals else ""), style="yellow")
    if saying.value is None:
        return Text(how.language.word("empty"), style="dim")
    return Text(str(how.mask(saying.value, canonical)), style="" if saying.standing in DECIDES else "dim")


def _why(saying: Saying, field: str, how: Showing) -> Text:
    word, claim = how.language.word, saying.claim
    facts = {}
    if saying.standing is Standing.next:
        facts["owners"] = ", ".join(owners_of(how.catalogue, how.entity, field))
    if saying.held is not None:
        code = saying.held["reason"]
        facts["reason"] = word(code, system=claim["system"]) if how.language.knows(code) else code
    why = word(str(saying.standing), **facts)
    if claim["under"]:
        why += "; " + word("under", key=how.mask_key(claim["under"]))
    return Text(why, style="" if saying.standing in DECIDES else "dim")


def _gone(state: EntityState, how: Showing) -> Iterator[str]:
    for claim in gone_claims(state):
        facts = {"row": _row(claim, how), "time": _time(claim["source_time"])}
        if claim["left_to"] is None:
            yield how.language.word("withdrawn", **facts)
        else:
            yield how.language.word("left", key=how.mask_key(claim["left_to"]), **facts)


def _subscribers(state: EntityState, how: Showing) -> RenderableType:
    word, routes = how.language.word, {route["system"]: route for route in state["routes"]}
    systems = list(dict.fromkeys([*how.catalogue.subscribers(how.entity), *routes]))
    if not systems:
        return Text(word("nobody_receives"))
    table = plain_table()
    table.add_column(word("subscriber"))
    table.add_column(word("sent"))
    for system in systems:
        route = routes.get(system)
        if route is None:
            table.add_row(system, Text(word("never_sent"), style="dim"))
        else:
            table.add_row(system, word("holds" if route["digest"] else "holds_not", version=route["version"]))
    return table


def _row(claim: Claim, how: Showing) -> str:
    return f"{claim['system']} {claim['resource']} {how.mask_row(claim['row'])}"


def _time(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).astimezone(ZONE).strftime("%d/%m/%Y %H:%M:%S")
