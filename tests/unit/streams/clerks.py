"""People who write into the registers: births, numbers given, corrected, issued anew, duplicates found and parted."""

import random
from typing import Any

from tests.unit.streams.registers import CITIZEN_IDS, OLD_IDS, PROVISIONAL, REGISTERS, Register, registers
from tests.unit.streams.simulation import BAD_DATE, Simulation

_OPERATIONS = {
    "enter": 6,
    "update": 4,
    "give": 6,
    "reissue": 4,
    "correct": 3,
    "join": 5,
    "part": 3,
    "renumber": 3,
    "remove": 3,
    "rename": 1,
    "resend": 2,
    "clear": 1,
    "snapshot": 1,
    "go_blind": 1,
}


class Clerks:
    """Write into the registers of a simulation; every decision is taken by `chance`."""

    def __init__(self, chance: random.Random, *, bad: float = 0.0) -> None:
        self.simulation = Simulation(sources=registers(), city=REGISTERS)
        self._chance = chance
        self._bad = bad

    @property
    def registers(self) -> dict[str, Register]:
        return {name: source for name, source in self.simulation.sources.items() if isinstance(source, Register)}

    def write(self, transactions: int) -> None:
        """Transactions, and between them captures and work of any partition."""
        for _ in range(transactions):
            self._transaction(self.registers[self._chance.choice("dddhht")])
            if self._chance.random() < 0.6:
                self.simulation.capture_all()
            for _ in range(self._chance.choice((0, 0, 1, 3, 10))):
                self.work()

    def finish(self) -> None:
        """Blind logs see again, what could not be read is mended; then all work is done."""
        for register in self.registers.values():
            if register.is_blind:
                register.snapshot()
            register.begin()
            for name, person in list(register.people.items()):
                if person.columns["sinh"] == BAD_DATE:
                    register.change(name, {"sinh": "1990"})
        self.simulation.capture_all()
        self.work_all()

    def work_all(self, most: int = 3000) -> None:
        """Until nothing is left; no circle of aliases may spin."""
        for _ in range(most):
            if not self.work():
                return
        raise AssertionError("there is always something left to do")

    def work(self) -> bool:
        """One batch."""
        return self.simulation.work(self._chance.randrange(10**6), self._chance.choice((1, 1, 2, 5)))

    def _transaction(self, register: Register) -> None:
        operation = self._chance.choices(list(_OPERATIONS), list(_OPERATIONS.values()))[0]
        register.begin()
        if not register.people and operation not in ("clear", "snapshot", "go_blind", "resend"):
            operation = "enter"
        for _ in range(self._chance.choice((1, 1, 2))):
            if register.people or operation in ("enter", "clear", "snapshot", "go_blind", "resend"):
                getattr(self, f"_{operation}")(register)

    def _some(self, register: Register) -> str:
        return self._chance.choice(sorted(register.people))

    def _says(self) -> dict[str, str | None]:
        return {
            "ten": self._chance.choice("ABCD"),
            "sinh": BAD_DATE if self._chance.random() < self._bad else self._chance.choice(("1990", "1991")),
            "xa": self._chance.choice(("00001", "00002")),
            "dt": self._chance.choice(("+84912345678", "+84912345679", None)),
        }

    def _number(self) -> str | None:
        return self._chance.choice((*CITIZEN_IDS, None))

    def _enter(self, register: Register) -> None:
        columns: dict[str, Any] = dict.fromkeys(("so", "cu", "ma", "so_truoc"))
        columns["so"] = self._number() if self._chance.random() < 0.5 else None
        columns["cu"] = self._chance.choice((*OLD_IDS, None, None))
        columns["ma"] = self._chance.choice((*PROVISIONAL, None, None))
        register.enter(columns | self._says())

    def _update(self, register: Register) -> None:
        register.change(self._some(register), self._says())

    def _give(self, register: Register) -> None:
        """A number to somebody who has none, where there is such a person."""
        without = sorted(name for name, person in register.people.items() if not person.so)
        name = self._chance.choice(without) if without else self._some(register)
        register.change(name, self._says() | {"so": self._chance.choice(CITIZEN_IDS)})

    def _reissue(self, register: Register) -> None:
        name = self._some(register)
        before = register.people[name].so
        register.change(name, {"so": self._number(), "so_truoc": before} | self._says())

    def _correct(self, register: Register) -> None:
        register.change(self._some(register), {"so": self._number()} | self._says())

    def _join(self, register: Register) -> None:
        """Another row's number, or another number, proves to be the same person."""
        column, numbers = self._chance.choice((("so_truoc", CITIZEN_IDS), ("cu", OLD_IDS), ("ma", PROVISIONAL)))
        register.change(self._some(register), {column: self._chance.choice(numbers)})

    def _part(self, register: Register) -> None:
        register.change(self._some(register), {self._chance.choice(("so_truoc", "cu", "ma")): None})

    def _renumber(self, register: Register) -> None:
        changed = {"cu": self._chance.choice((*OLD_IDS, None)), "so": self._number()}
        register.change(self._some(register), changed | self._says())

    def _remove(self, register: Register) -> None:
        register.remove(self._some(register))

    def _rename(self, register: Register) -> None:
        """The row itself gets another name. The register that gives numbers never does that."""
        if register.system != "d":
            register.change(self._some(register), self._says(), new_name=str(self._chance.randint(1, 9)))

    def _clear(self, register: Register) -> None:
        register.clear()

    def _snapshot(self, register: Register) -> None:
        register.snapshot()

    def _go_blind(self, register: Register) -> None:
        register.is_blind = True

    def _resend(self, register: Register) -> None:
        if not register.is_blind:
            self.simulation.resend(register.system, self._chance.randint(1, 6))
