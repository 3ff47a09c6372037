"""The service's own rows, in SQLite, and what it answers to a request about one of them."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS nguoi_dan (
  ma text PRIMARY KEY, ho_ten text NOT NULL, ngay_sinh text, gioi_tinh text, so_dinh_danh text, noi_o text, ma_xa text,
  ngay_mat text
) WITHOUT ROWID;
-- Also of records that are gone: an older word must not bring them back.
CREATE TABLE IF NOT EXISTS phien_ban (ma text PRIMARY KEY, phien_ban integer NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS da_tra_loi (so integer PRIMARY KEY, khoa text UNIQUE NOT NULL, tra_loi text NOT NULL);
"""
COLUMNS: Final = ("ma", "ho_ten", "ngay_sinh", "gioi_tinh", "so_dinh_danh", "noi_o", "ma_xa", "ngay_mat")
_LONGEST_NAME: Final = 100
_DATE: Final = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
#: Answers that are remembered; who asks again asks soon.
_REMEMBERED: Final = 20_000


class Answer(NamedTuple):
    """Status and JSON."""

    status: int
    body: Any = None


class Request(NamedTuple):
    """`operation`: upsert, delete or rename. `key`: its idempotency key."""

    operation: str
    ma: str
    body: dict[str, Any]
    version: int
    key: str


class Records:
    """Safe to use from several threads: one request at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.executescript("PRAGMA journal_mode = wal; PRAGMA synchronous = normal;" + _TABLES)
        self._lock = Lock()

    def close(self) -> None:
        """At the end."""
        with self._lock:
            self._connection.close()

    def one(self, ma: str) -> Answer:
        """The row, or 404."""
        rows = self._rows("WHERE ma = ?", ma)
        return Answer(200, rows[0]) if rows else Answer(404, {"reason": "khong_co"})

    def all(self, *, after: str, limit: int) -> Answer:
        """The number of rows, and those behind a key, in the order of keys."""
        with self._lock, closing(self._connection.execute("SELECT count(*) FROM nguoi_dan")) as found:
            [count] = found.fetchone()
        return Answer(
            200, {"so_nguoi": count, "nguoi_dan": self._rows("WHERE ma > ? ORDER BY ma LIMIT ?", after, limit)}
        )

    def do(self, request: Request) -> Answer:
        """What the request asks for, once: a repeat gets the answer of the first time."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            said = self._execute("SELECT tra_loi FROM da_tra_loi WHERE khoa = ?", request.key)
            if said:
                return Answer(*json.loads(said[0][0]))
            answer = self._answer(request)
            self._execute("INSERT INTO da_tra_loi (khoa, tra_loi) VALUES (?, ?)", request.key, json.dumps(answer))
            self._execute("DELETE FROM da_tra_loi WHERE so <= last_insert_rowid() - ?", _REMEMBERED)
            return answer

    def _answer(self, request: Request) -> Answer:
        held = self._execute("SELECT phien_ban FROM phien_ban WHERE ma = ?", request.ma)
        if held and held[0][0] > request.version:
            return Answer(412, {"reason": "co_ban_moi_hon"})
        if request.operation == "upsert" and (refused := _refused(request.body)):
            return refused
        self._execute("INSERT OR REPLACE INTO phien_ban VALUES (?, ?)", request.ma, request.version)
        if request.operation == "upsert":
            row = {**request.body, "ma": request.ma}
            places = ", ".join("?" * len(COLUMNS))
            self._execute(f"INSERT OR REPLACE INTO nguoi_dan VALUES ({places})", *map(row.get, COLUMNS))  # noqa: S608
            return Answer(200, {})
        if not self._execute("SELECT ma FROM nguoi_dan WHERE ma = ?", request.ma):
            return Answer(404, {"reason": "khong_co"})
        if request.operation == "rename":
            # A record that is there already under the new key stays.
            self._execute("UPDATE OR IGNORE nguoi_dan SET ma = ? WHERE ma = ?", request.body.get("ma"), request.ma)
        self._execute("DELETE FROM nguoi_dan WHERE ma = ?", request.ma)
        return Answer(200, {})

    def _rows(self, condition: str, *values: Any) -> list[dict[str, Any]]:
        with self._lock:
            found = self._execute(f"SELECT {', '.join(COLUMNS)} FROM nguoi_dan {condition}", *values)  # noqa: S608
        return [dict(zip(COLUMNS, row, strict=True)) for row in found]

    def _execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(self._connection.execute(statement, values)) as cursor:
            return cursor.fetchall()


def _refused(row: dict[str, Any]) -> Answer | None:
    """What no record of this service can be."""
    name, born = row.get("ho_ten"), row.get("ngay_sinh")
    if not isinstance(name, str) or not name:
        return Answer(422, {"reason": "thieu_ho_ten", "column": "ho_ten"})
    if len(name) > _LONGEST_NAME:
        return Answer(422, {"reason": "value_too_long", "column": "ho_ten"})
    if born is not None and not _DATE.fullmatch(str(born)):
        return Answer(422, {"reason": "ngay_sinh_sai", "column": "ngay_sinh"})
    return None
