"""What every subscriber holds against what it must hold; each difference in a line that can be read."""

from collections.abc import Iterable, Mapping

from tests.chaos.authority import Holding
from tests.chaos.words import Value

#: Subscribers that receive into rows of their own: they keep a row also where nobody exists whom it is about.
OWN_ROWS = ("ho_tich", "dkkd")


def differences(expected: Mapping[str, Holding], actual: Mapping[str, Holding]) -> list[str]:
    """One line a difference: records that are missing, ghosts, and columns that are not what authority demands."""
    return [line for system in expected for line in _compared(system, expected[system], actual[system])]


def _compared(system: str, expected: Holding, actual: Holding) -> Iterable[str]:
    for name in sorted(expected.keys() - actual.keys()):
        yield f"{system} lacks {name}: {expected[name]}"
    if system not in OWN_ROWS:
        for name in sorted(actual.keys() - expected.keys()):
            yield f"{system} holds {name}, which is not to be there: {actual[name]}"
    for name in sorted(expected.keys() & actual.keys()):
        for column, value in expected[name].items():
            if _bare(actual[name].get(column)) != _bare(value):
                yield f"{system} {name}: {column} is {actual[name].get(column)!r} and must be {value!r}"


def _bare(value: Value) -> Value:
    """A name that a register has cut off behind a word has a blank at its end, which says nothing."""
    return value.rstrip() if value else value
