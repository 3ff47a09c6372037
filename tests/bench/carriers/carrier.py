"""What the bench asks of everything that it measures."""

from typing import Protocol

from tests.bench.load.tables import Side


class Carrier(Protocol):
    """Carries `public.cong_dan` from the database `nguon` to the database `dich` of one PostgreSQL."""

    name: str
    source: Side
    target: Side

    def start(self) -> None:
        """Whatever stands ready before a system is registered: servers, warm and idle."""

    def register(self) -> None:
        """From tables that are there to rows that arrive: all that a user would do to connect the two."""

    def pause(self) -> None:
        """End what reads and writes, with all positions kept. Returns when it has ended."""

    def resume(self) -> None:
        """Go on where it was. Returns when the processes have been started."""

    def remove(self) -> None:
        """Take the registration away, so that the tables can be made anew."""

    def stop(self) -> None:
        """End what `start` has started."""

    def pids(self) -> dict[str, list[int]]:
        """Roots of the process trees that are counted, by name. Servers that everybody needs are called `kafka`,
        `registry`; all else is the carrier's own."""
