"""Users of a two-way city: what they do at random, and what must hold once they have stopped."""

import random

from tests.unit.streams.two_way_city import FIELDS, KEYS, OWNERS, PHONES, TEXTS, Row, System, TwoWayCity

_OPERATIONS = {"edit": 12, "insert": 4, "delete": 2, "cut": 2}


class Users:
    """Every decision is taken by `chance`. `lone`: for each key, every field is edited in one system only."""

    def __init__(self, city: TwoWayCity, chance: random.Random) -> None:
        self.city = city
        self._chance = chance

    def run(self, steps: int) -> None:
        """Edits, and between them captures, work and deliveries of any system."""
        for _ in range(steps):
            self.act(self.city.systems[self._chance.choice("ohd")])
            for _ in range(self._chance.choice((0, 0, 1, 2, 6))):
                self.progress()

    def progress(self) -> None:
        name = self._chance.choice("ohd")
        match self._chance.randrange(3):
            case 0:
                self.city.capture(name, self._chance.choice((1, 2, None)))
            case 1:
                self.city.work(self._chance.randrange(10**6), self._chance.choice((1, 1, 3)))
            case _:
                self.city.deliver(name, self._chance.choice((1, 2, None)))

    def act(self, system: System) -> None:
        """One thing that a user of the system does, or that happens to it."""
        operation = self._chance.choices(list(_OPERATIONS), list(_OPERATIONS.values()))[0]
        if operation == "cut":
            system.is_cut_off = not system.is_cut_off
        elif operation == "insert" or not system.table:
            self._insert(system)
        elif operation == "delete":
            system.delete(self._chance.choice(sorted(system.table)), ours=False)
        else:
            self._edit(system, self._chance.choice(sorted(system.table)))

    def _insert(self, system: System) -> None:
        so = self._chance.choice(KEYS)
        if system.row_of(so) is None:
            values = {column: self._value(column) for column in FIELDS}
            row = system.insert(so, values, ours=False)
            for column in FIELDS:
                self._note(system, row, column, is_new=True)

    def _edit(self, system: System, row: str) -> None:
        column = self._chance.choice(list(FIELDS))
        value = system.alters(self._value(column))
        if system.table[row][column] == value or self._is_hidden(system, row, column, value):
            return
        system.update(row, {column: value}, ours=False)
        self._note(system, row, column)

    def _note(self, system: System, row: str, column: str, *, is_new: bool = False) -> None:
        value, so = system.table[row][column], system.table[row]["so"] or ""
        self.city.speakers.setdefault((so, column), set()).add((system.name, row))
        # Where our writes cannot be told, it may be a row that we have made: then its gaps say nothing.
        if system.name != "d" or system.capture == "marked" or value is not None or not is_new:
            system.words[row, column] = value

    def _is_hidden(self, system: System, row: str, column: str, value: str | None) -> bool:
        """A polled system shows what it showed at the last look: nobody can tell that anything happened between."""
        return system.capture == "poll" and system.polled.get(row, {}).get(column) == value

    def _value(self, column: str) -> str | None:
        return self._chance.choice(PHONES if column == "dt" else TEXTS)


def assert_what_authority_demands(city: TwoWayCity) -> None:
    """The golden records, told by the tables alone; every table and the listener show them."""
    expected = {}
    for so in KEYS:
        state = city.state(so)
        value = state["value"] if state is not None else None
        assert (value is not None) == _exists(city, so), f"{so} exists against the will of those who decide"
        if value is None:
            continue
        expected[f"citizen_id:{so}"] = {name: value[name] for name in FIELDS.values()}
        for column, name in FIELDS.items():
            owner = next(city.systems[system] for system, owned in OWNERS.items() if owned == column)
            row = owner.row_of(so)
            if row is not None and (row, column) in owner.words:
                assert value[name] == owner.table[row][column], f"{so}: the owner of {name} is not heard"
            else:
                _assert_somebodys_word(city, so, column, value[name])
        for system in city.systems.values():
            _assert_shows(system, so, value)
    heard = {key: {name: value[name] for name in FIELDS.values()} for key, value in city.listener.items()}
    assert heard == expected


def assert_everybody_shows_the_same(city: TwoWayCity) -> None:
    """The golden records, in every table: also where nobody can tell whose word it was."""
    for so in KEYS:
        state = city.state(so)
        for system in city.systems.values() if state is not None and state["value"] is not None else ():
            _assert_shows(system, so, state["value"])  # type: ignore[index, arg-type]


def _assert_somebodys_word(city: TwoWayCity, so: str, column: str, value: str | None) -> None:
    """Where the owner is silent: what is golden was set last by users of some system, in a row that is still there."""
    words = [
        word for system in city.systems.values() if (row := system.row_of(so)) for word in _words(system, row, column)
    ]
    altered = [system.alters(word) for system in city.systems.values() for word in words]
    assert value is None or value in words + altered, f"{so}: nobody says {column} {value}"
    speakers = city.speakers.get((so, column), set())
    if len(speakers) == 1 and words:
        assert value in (words + altered), f"{so}: the only one who ever said {column} is not heard"


def _words(system: System, row: str, column: str) -> list[str | None]:
    return [system.words[row, column]] if (row, column) in system.words else []


def _assert_shows(system: System, so: str, value: Row) -> None:
    row = system.row_of(so)
    assert row is not None or system.name != "d", f"{so}: d has no row, and should"
    if row is not None:
        for column in system.receives:
            shown, due = system.table[row][column], system.alters(value[FIELDS[column]])
            assert shown == due, f"{so}: {system.name} shows {column} {shown}, and {due} is true"


def _exists(city: TwoWayCity, so: str) -> bool:
    if city.systems["o"].row_of(so) is not None:
        return True
    has_spoken = any((e["after"] or e["before"])["so"] == so for e in city.systems["o"].log)
    return not has_spoken and city.systems["h"].row_of(so) is not None
