"""What officers do to the source: a burst as fast as one connection goes, or changes at a steady pace."""

import random
import time
from collections.abc import Sequence
from typing import NamedTuple

import psycopg

from tests.bench.load.people import STATUSES, Person, Transaction, address, person, phone

_UPDATE = """update public.cong_dan c set dia_chi = v.d, dien_thoai = v.p, trang_thai = v.t, version = c.version + 1,
 ghi_chu = 'v' || c.version + 1 || substring(c.ghi_chu from ' .*|$'), updated_at = clock_timestamp()
 from unnest(%s::text[], %s::text[], %s::text[], %s::text[]) v(i, d, p, t) where c.so_dinh_danh = v.i"""
_INSERT = f"insert into public.cong_dan({', '.join(Person._fields)}) values ({', '.join(['%s'] * len(Person._fields))})"
_DELETE = "delete from public.cong_dan where so_dinh_danh = any(%s) returning clock_timestamp()"


class Span(NamedTuple):
    """From the end of the first transaction to the end of the last, in seconds since 1970."""

    first: float
    last: float


def burst(dsn: str, planned: Sequence[Transaction]) -> Span:
    """Transaction after transaction, each in one round trip; the disk is not waited for."""
    first = 0.0
    with psycopg.connect(dsn, prepare_threshold=0) as connection:
        connection.execute("set synchronous_commit = off")
        connection.commit()
        for each in planned:
            with connection.pipeline():
                connection.execute(_UPDATE, (each.updated, each.addresses, each.phones, each.statuses))
                for one in each.inserted:
                    connection.execute(_INSERT, one)
                connection.execute(_DELETE, (each.deleted,))
                connection.commit()
            first = first or time.time()
    return Span(first, time.time())


class Watched(NamedTuple):
    """Of the paced changes after warming up: who was written, and when each was deleted (seconds since 1970).

    `slip`: by how many seconds each change came later than it should have.
    """

    written: list[str]
    deleted: dict[str, float]
    slip: list[float]


def pace(dsn: str, ids: Sequence[str], *, rate: int, seconds: int, warm: int, first: int) -> Watched:
    """`rate` changes a second, each row at most once, so that every change can be seen in the target."""
    chance, left = random.Random(first), list(ids)
    chance.shuffle(left)
    watched = Watched([], {}, [])
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as connection:
        started = time.time() + 0.2
        for number in range(rate * (seconds + warm)):
            due = started + number / rate
            time.sleep(max(0.0, due - time.time()))
            watched.slip.append(max(0.0, time.time() - due))
            kind, counts = chance.random(), number >= rate * warm
            if kind < 0.7:
                one = _update(connection, left.pop(), chance)
            elif kind < 0.9:
                one = _insert(connection, person(first + number, chance))
            else:
                one = left.pop()
                row = connection.execute(_DELETE, ([one],)).fetchone()
                if counts and row is not None:
                    watched.deleted[one] = row[0].timestamp()
                continue
            if counts:
                watched.written.append(one)
    return watched


def _update(connection: psycopg.Connection, one: str, chance: random.Random) -> str:
    connection.execute(_UPDATE, ([one], [address(chance)], [phone(chance)], [chance.choice(STATUSES)]))
    return one


def _insert(connection: psycopg.Connection, new: Person) -> str:
    connection.execute(_INSERT, new)
    return new.so_dinh_danh
