"""Differences planted by hand in a small city's target while changes flow, and what `lienthong reconcile` tells."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.chaos.processes import wait_until
from tests.chaos.small_city import SmallCity

#: More than are compared without checksums.
PEOPLE = 4_100
#: Who are left alone by the traffic, so that what is planted there stays: those with the first numbers.
_QUIET = 1_000
_KINDS = ("different", "missing", "extra", "refused")
_COLUMNS = "ma, so_dinh_danh, ho_va_ten, ngay_sinh, gioi_tinh, dia_chi, ghi_chu"


class Drifting:
    """People in the source and in the target, numbered from 1. `run` types a command and returns what it tells."""

    def __init__(self, city: SmallCity, run: Callable[..., str], *, people: int = PEOPLE, quiet: int = _QUIET) -> None:
        self._people, self._quiet = people, quiet
        self._run = run
        self._source_dsn = city.source_dsn
        self.source: psycopg.Connection[Any] = psycopg.connect(city.source_dsn, autocommit=True)
        self.target: psycopg.Connection[Any] = psycopg.connect(city.target_dsn, autocommit=True)

    def close(self) -> None:
        """Nothing of it is left in the source."""
        self.source.execute("delete from public.cong_dan where so_dinh_danh like '0010%'")
        self._holds("select count(*) from public.nhan_khau where so_dinh_danh like '0010%'", 0)
        self.source.close()
        self.target.close()

    def begin(self) -> None:
        """Everybody is there."""
        self.source.execute(
            "insert into public.cong_dan (so_dinh_danh, ho_ten, ngay_sinh, gioi_tinh, ghi_chu) "
            f"select '0010' || lpad(n::text, 8, '0'), 'Nguyễn Văn ' || n, '12/05/1990', '1', '0:1' "
            f"from generate_series(1, {self._people}) n"
        )
        self._holds("select count(*) from public.nhan_khau where so_dinh_danh like '0010%'", self._people)

    def delete(self, *numbers: int) -> dict[str, tuple[Any, ...]]:
        """By the source; returns what the target held."""
        keys = [_key(number) for number in numbers]
        held = self.rows(*numbers)
        ids = [key.removeprefix("citizen_id:") for key in keys]
        self.source.execute("delete from public.cong_dan where so_dinh_danh = any(%s)", [ids])
        wait_until(lambda: not self.rows(*numbers), seconds=60, what="what the source deleted is gone")
        return held

    def rows(self, *numbers: int) -> dict[str, tuple[Any, ...]]:
        """Of the target, by key; without any number, of all who are left alone."""
        keys = [_key(number) for number in numbers or range(1, self._quiet + 1)]
        found = self.target.execute(f"select {_COLUMNS} from public.nhan_khau where ma = any(%s)".encode(), [keys])
        return {row[0]: row for row in found}

    def put(self, *rows: tuple[Any, ...]) -> None:
        """By hand, into the target."""
        for row in rows:
            self.target.execute(
                f"insert into public.nhan_khau ({_COLUMNS}) values ({', '.join(['%s'] * 7)})".encode(), row
            )

    def change(self, *numbers: int) -> None:
        """By hand, in the target."""
        keys = [_key(number) for number in numbers]
        self.target.execute("update public.nhan_khau set ho_va_ten = 'Khác' where ma = any(%s)", [keys])

    def lose(self, *numbers: int) -> None:
        """By hand, in the target."""
        self.target.execute("delete from public.nhan_khau where ma = any(%s)", [[_key(number) for number in numbers]])

    def reconciled(self, *options: str, code: int) -> dict[str, list[int]]:
        """The numbers of people that are told to have drifted, by kind."""
        told = self._run("reconcile", "dich", "--all", "--show-values", "--lang", "en", *options, code=code)
        found: dict[str, list[int]] = {}
        for line in told.splitlines():
            kind, _, rest = line.partition(" ")
            if kind in _KINDS and "citizen_id:" in rest:
                found.setdefault(kind, []).append(int(rest.split()[0].removeprefix("citizen_id:0010")))
        return {kind: sorted(set(numbers)) for kind, numbers in found.items()}

    def is_resent(self, **column: str) -> None:
        """Waits until all hold this."""
        [(name, value)] = column.items()
        self._holds(f"select count(*) from public.nhan_khau where so_dinh_danh like '0010%' and {name} <> '{value}'", 0)

    @contextmanager
    def traffic(self) -> Iterator[None]:
        """Names of those who are not left alone change all the time."""
        done = threading.Event()

        def run() -> None:
            with psycopg.connect(self._source_dsn, autocommit=True) as source:
                number = 0
                while not done.wait(0.02):
                    number += 1
                    key = f"0010{self._quiet + 1 + number * 7 % (self._people - self._quiet):08}"
                    source.execute(
                        "update public.cong_dan set ho_ten = %s where so_dinh_danh = %s", [f"Lần {number}", key]
                    )

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _holds(self, query: str, count: int) -> None:
        def found() -> int:
            row = self.target.execute(query.encode()).fetchone()
            return int(row[0]) if row else -1

        wait_until(lambda: found() == count, seconds=180 + self._people / 500, what=query, detail=lambda: str(found()))


def _key(number: int) -> str:
    return f"citizen_id:0010{number:08}"
