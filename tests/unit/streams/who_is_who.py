"""Who is one person, and what everybody must hold in the end: told from the sources' logs alone, row by row.

This is the meaning of aliases, written down once more and without keys that talk to each other: all of a source's words
are read in their order, and at the end every row stands where its last words and those of the authority put it.
"""

from dataclasses import dataclass, field
from typing import Any

from schemas.records import Entity
from tests.unit.streams.registers import FIELDS, Register
from tests.unit.streams.simulation import BAD_DATE

#: What `d` says of a key: by row, the key that it belongs to.
Links = dict[str, dict[str, str | None]]


@dataclass
class Word:
    """What one row has said last under one key. `kind`: live, gone, left, or unread."""

    kind: str
    place: tuple[int, int, int]
    columns: dict[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        return {*self.aliases, *self.formerly}


@dataclass
class Account:
    """All words of one source, read in their order. Only `d` links keys."""

    system: str
    words: dict[tuple[str, str], Word] = field(default_factory=dict)
    links: Links = field(default_factory=dict)

    def read(self, log: list[tuple[str | None, dict[str, Any]]]) -> "Account":
        for key, event in log:
            if key is None:
                self._marker(event)
            elif event["operation"] == "delete":
                self._gone(key, event)
            else:
                self._row(key, event)
        return self

    def _marker(self, event: dict[str, Any]) -> None:
        floor = {"truncate": _place(event), "snapshot_end": (event["epoch"], 0, 0)}.get(event["operation"])
        for word in self.words.values():
            if floor is not None and word.kind == "live" and word.place < floor:
                word.kind = "gone"

    def _gone(self, key: str, event: dict[str, Any]) -> None:
        last = self.words.get((key, event["row"]))
        kept = last if last is not None and last.kind in ("live", "gone") else Word("none", (0, 0, 0))
        formerly = last.formerly if last else ()
        self._outlive(event["row"], key)
        word = self.words[key, event["row"]] = Word("gone", _place(event), {}, kept.aliases, formerly)
        for name in word.names - {key}:
            self.links.setdefault(name, {})[event["row"]] = key

    def _row(self, key: str, event: dict[str, Any]) -> None:
        row, after, new_key = event["row"], event["after"], event["new_key"] or key
        last = self.words.get((key, event["previous_row"] or row))
        there = self.words.get((new_key, row))
        formerly = (last.formerly if last else ()) + (there.formerly if there else ())
        if after["sinh"] == BAD_DATE and self.system != "t":
            is_live = last is not None and last.kind == "live"
            columns, aliases = (last.columns, last.aliases) if last and is_live else ({}, ())
            kind = "live" if is_live else "unread"
        else:
            columns, kind, aliases = after, "live", self._stated(after, new_key)
            formerly += self._provisional(after, new_key)
        if self.system == "d" and key != new_key and "#" in key and new_key.startswith("citizen_id:"):
            formerly += (key,)
        if kind == "unread" and key == new_key and event["previous_row"] is None:
            return
        for name in (row, event["previous_row"] or row):
            self._outlive(name, key, new_key)
        word = Word(kind, _place(event), columns, aliases, tuple(name for name in formerly if name != new_key))
        if key != new_key:
            self.words[key, row] = Word("left", word.place, {}, word.aliases, word.formerly)
        if event["previous_row"] is not None:
            self.words[key, event["previous_row"]] = Word("left", word.place)
        if kind == "live" or (key != new_key and word.formerly):
            self.words[new_key, row] = word
        self._link(new_key, row, word, last, there)

    def _outlive(self, row: str, *keys: str) -> None:
        """What a row has said of a key before it came there itself is said no more."""
        for key in keys:
            if row in self.links.get(key, ()):
                self.links[key][row] = None

    def _stated(self, after: dict[str, Any], key: str) -> tuple[str, ...]:
        if self.system != "d" or not key.startswith("citizen_id:"):
            return ()
        stated = {f"citizen_id:{after['so']}", f"old_id:{after['cu']}", f"citizen_id:{after['so_truoc']}"}
        return tuple(name for name in stated if not name.endswith("None") and name != key)

    def _provisional(self, after: dict[str, Any], key: str) -> tuple[str, ...]:
        if self.system != "d" or not key.startswith("citizen_id:") or "#" not in (after["ma"] or ""):
            return ()
        return (after["ma"],)

    def _link(self, key: str, row: str, word: Word, last: Word | None, there: Word | None) -> None:
        said = [each for each in (last, there) if each is not None and each.kind in ("live", "gone")]
        unsaid = {name for each in said for name in each.names} - word.names
        for name in unsaid:
            self.links.setdefault(name, {})[row] = None
        if word.kind == "live":
            for name in word.names - {key}:
                self.links.setdefault(name, {})[row] = key


def _place(event: dict[str, Any]) -> tuple[int, int, int]:
    return event["epoch"], event["commit"], event["ordinal"]


class WhoIsWho:
    """The end of a history, from the logs of its registers."""

    def __init__(self, sources: dict[str, Register]) -> None:
        self.accounts = {name: Account(name).read(source.log) for name, source in sources.items()}
        self.links = self.accounts["d"].links
        self.targets = self._resolved()

    def _resolved(self) -> dict[str, str]:
        """Alias -> the key that stands for it. A key that one step leads to is told by its rows; where rows name
        several, those must be one person themselves."""
        targets: dict[str, str] = {}
        for _ in range(20):
            found = {}
            for name, said in self.links.items():
                keys = {key for key in said.values() if key is not None and key != name}
                ends = keys if len(keys) < 2 else {_end(key, targets) for key in keys}
                if len(ends) == 1 and name not in ends:
                    found[name] = ends.pop()
            if found == targets:
                return targets
            targets = found
        raise Undecided

    def home(self, key: str) -> str:
        """Where a row with this key stands. In a circle nobody is anybody else."""
        met = [key]
        while (further := self.targets.get(met[-1])) is not None:
            if further in met:
                return met[met.index(further)]
            met.append(further)
        return met[-1]

    def truth(self) -> dict[str, Entity]:
        """By key, everybody who exists."""
        standing: dict[str, dict[str, list[tuple[str, Word]]]] = {}
        for system, account in self.accounts.items():
            for (key, _), word in account.words.items():
                at = standing.setdefault(self.home(key), {})
                if word.kind in ("live", "gone"):
                    at.setdefault(system, []).append((key, word))
        return {key: value for key, said in standing.items() if (value := _golden(key, said)) is not None}

    def expected(self, system: str) -> dict[str, Entity]:
        """What a target must hold."""
        found = {}
        for key, value in self.truth().items():
            if system == "all" or (key.startswith("citizen_id:") and value["residence"] == "00001"):
                found[key] = {name: value[name] for name in FIELDS[system]}
        return found


class Undecided(Exception):  # noqa: N818
    """The rows contradict each other in a way that this specification does not settle."""


def _end(key: str, targets: dict[str, str]) -> str:
    met = {key}
    while (further := targets.get(key)) is not None and further not in met:
        met.add(further)
        key = further
    return key


def _golden(key: str, said: dict[str, list[tuple[str, Word]]]) -> Entity | None:
    live = {system: [each for each in words if each[1].kind == "live"] for system, words in said.items()}
    born = bool(live.get("h")) and not said.get("d")
    if not live.get("d") and not born:
        return None
    return {
        "full_name": _first(key, live, ("h", "t"), "ten"),
        "residence": _first(key, live, ("d",), "xa"),
        "phone": _first(key, live, ("t",), "dt"),
    }


def _first(key: str, live: dict[str, list[tuple[str, Word]]], systems: tuple[str, ...], column: str) -> Any:
    """Whose word counts: a row of the key itself before one by an alias, then the newest. Empty is a word, too."""
    for system in systems:
        words = live.get(system)
        if words:
            return max(words, key=lambda each: (each[0] == key, each[1].place))[1].columns[column]
    return None
