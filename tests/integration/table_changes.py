"""Somebody who changes a table at random; every change brings a number that is greater than all before."""

import random
import threading
from typing import Any

import psycopg

COUNTED = """
CREATE SEQUENCE dem;
CREATE TABLE nguon (id bigint PRIMARY KEY, ten text, so bigint);
ALTER TABLE nguon REPLICA IDENTITY FULL;
INSERT INTO nguon SELECT g, 'cũ', nextval('dem') FROM generate_series(1, 3000, 2) g;
"""


class Changing:
    """Somebody who changes the table at random until the end of the block."""

    def __init__(self, dsn: str, seed: int) -> None:
        self._dsn = dsn
        self._chance = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Changing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with psycopg.connect(self._dsn) as connection:
            while not self._stop.is_set():
                with connection.transaction():
                    for _ in range(self._chance.randint(1, 8)):
                        self._change(connection)

    def _change(self, connection: psycopg.Connection[Any]) -> None:
        row, other = self._chance.randint(1, 3000), self._chance.randint(1, 3000)
        statement = self._chance.choices(
            (
                "UPDATE nguon SET so = nextval('dem') WHERE id = %(row)s",
                "INSERT INTO nguon VALUES (%(row)s, 'mới', nextval('dem')) ON CONFLICT DO NOTHING",
                "DELETE FROM nguon WHERE id = %(row)s",
                "UPDATE nguon SET id = %(other)s, so = nextval('dem') WHERE id = %(row)s "
                "AND NOT EXISTS (SELECT 1 FROM nguon WHERE id = %(other)s)",
            ),
            (50, 20, 15, 15),
        )[0]
        connection.execute(statement.encode(), {"row": row, "other": other})
