"""The streaming replication protocol, spoken through libpq as psycopg 3 exposes it.

psycopg2 has a cursor for this, but it confirms positions of its own accord: while it reads a transaction that began
before the last confirmed commit, a keepalive makes it report as flushed what its caller has not confirmed.
"""

import select
import time
from struct import Struct
from typing import Final, NamedTuple

import psycopg
from psycopg import pq

from connectors.sources.postgres_capture import lsn
from connectors.sources.postgres_capture.session import conninfo, holds_bytes, unavailable

#: Seconds from PostgreSQL's epoch, 2000-01-01, back to Unix's.
POSTGRES_EPOCH_MICROSECONDS: Final = 946_684_800_000_000
_STATUS: Final = Struct(">cQQQqB").pack
_OLDEST_WITH_MESSAGES: Final = 140000


class Identity(NamedTuple):
    """Which server this is; another identifier or timeline means that positions do not compare."""

    system_identifier: str
    timeline: int
    database: str


class NewSlot(NamedTuple):
    """Everything committed before `consistent_point` is in the snapshot, everything after it in the stream."""

    consistent_point: int
    snapshot: str


class StreamEnded(psycopg.OperationalError):
    """The server has ended the stream; `sqlstate` says why."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.code = sqlstate


class Replication:
    """One replication connection. Every method but `close` raises psycopg.Error."""

    def __init__(self, dsn: str, system: str) -> None:
        info = conninfo(dsn, system, replication="database")
        with unavailable(f"connecting to {system} for replication"):
            self._connection = pq.PGconn.connect(info.encode())
            if self._connection.status != pq.ConnStatus.OK:
                raise psycopg.OperationalError(_line(self._connection.error_message))
            if holds_bytes(self._connection):
                self._connection.exec_(b"SET client_encoding = SQL_ASCII")
        self.get = self._connection.get_copy_data
        self._poll = select.poll()
        self._poll.register(self._connection.socket, select.POLLIN)

    @property
    def shows_messages(self) -> bool:
        """Whether the stream holds what somebody wrote into the WAL beside the rows."""
        return self._connection.server_version >= _OLDEST_WITH_MESSAGES

    def identify(self) -> Identity:
        """Which server and database this is."""
        result = self._run("IDENTIFY_SYSTEM")
        return Identity(_cell(result, 0), int(_cell(result, 1)), _cell(result, 3))

    def ask_for_slot(self, name: str) -> None:
        """Begin to create a permanent slot; the server first waits for all open transactions to end."""
        self._connection.send_query(f'CREATE_REPLICATION_SLOT "{name}" LOGICAL pgoutput EXPORT_SNAPSHOT'.encode())

    def new_slot(self, timeout: float) -> NewSlot | None:
        """The slot that was asked for, None when it is not there after `timeout` seconds.

        Its snapshot lives until the next command on this connection.
        """
        if self._connection.is_busy():
            self.wait(timeout)
            if self._connection.is_busy():
                return None
        result = self._result("CREATE_REPLICATION_SLOT")
        return NewSlot(lsn.parse(_cell(result, 1)), _cell(result, 2))

    def start(self, slot: str, publication: str, *, after: int) -> None:
        """Begin to stream what was committed after a position, or after the slot's own where that is later."""
        options = f"proto_version '1', publication_names '\"{publication}\"'"
        if self.shows_messages:
            options += ", messages 'true'"
        self._run(f'START_REPLICATION SLOT "{slot}" LOGICAL {lsn.spell(after)} ({options})')

    def wait(self, timeout: float) -> None:
        """Take in what the server has sent; wait up to `timeout` seconds for it."""
        if self._poll.poll(timeout * 1000):
            self._connection.consume_input()

    def report(self, *, received: int, confirmed: int) -> None:
        """Tell the server what may be forgotten."""
        self._send_status(received, confirmed, answer=0)

    def ask(self, *, received: int, confirmed: int) -> None:
        """Report, and have the server answer at once: silence then means that it is gone."""
        self._send_status(received, confirmed, answer=1)

    def ended(self) -> StreamEnded:
        """What to raise when `get` says that there is no more."""
        result = self._connection.get_result()
        if result is None:
            return StreamEnded("the server has closed the stream", "")
        state = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
        return StreamEnded(_line(result.error_message) or "the server has ended the stream", state.decode())

    def close(self) -> None:
        """Never raises."""
        self._connection.finish()

    def _send_status(self, received: int, confirmed: int, *, answer: int) -> None:
        now = time.time_ns() // 1000 - POSTGRES_EPOCH_MICROSECONDS
        self._connection.put_copy_data(_STATUS(b"r", received, confirmed, confirmed, now, answer))
        self._connection.flush()

    def _run(self, command: str) -> pq.abc.PGresult:
        self._connection.send_query(command.encode())
        while self._connection.is_busy():
            self.wait(1.0)
        return self._result(command.split(maxsplit=1)[0])

    def _result(self, command: str) -> pq.abc.PGresult:
        result = self._connection.get_result()
        if result is None or result.status not in _FINE:
            raise self._failure(command, result)
        if result.status == pq.ExecStatus.TUPLES_OK:
            while self._connection.get_result() is not None:
                pass
        return result

    def _failure(self, command: str, result: pq.abc.PGresult | None) -> StreamEnded:
        state = result.error_field(pq.DiagnosticField.SQLSTATE) if result else None
        message = _line(result.error_message if result else self._connection.error_message)
        return StreamEnded(f"{command}: {message}", (state or b"").decode())


_FINE: Final = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COPY_BOTH, pq.ExecStatus.COMMAND_OK)


def _cell(result: pq.abc.PGresult, column: int) -> str:
    return (result.get_value(0, column) or b"").decode()


def _line(message: bytes) -> str:
    lines = message.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else "the connection was lost"
