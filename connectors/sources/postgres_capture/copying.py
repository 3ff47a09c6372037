"""COPY … TO STDOUT line by line, for tables of millions of rows: psycopg's own way costs more than the decoding."""

import select
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import Connection, pq


class Copying:
    """The same for a caller that has other things to do: it never waits."""

    def __init__(self, connection: Connection[Any], query: bytes) -> None:
        """Methods raise psycopg.Error."""
        self._server = connection.pgconn
        self._begun = False
        #: Whether all lines have been taken; then the connection can be used again.
        self.ended = False
        self._server.send_query(b"COPY (" + query + b") TO STDOUT")

    def take(self) -> Iterator[bytes]:
        """The lines that are here, without their ends."""
        self._server.consume_input()
        if not self._begun:
            if self._server.is_busy():
                return
            _check(self._server, pq.ExecStatus.COPY_OUT)
            self._begun = True
        while not self.ended:
            size, data = self._server.get_copy_data(1)
            if size == 0:
                return
            if size > 0:
                yield bytes(data)[:-1]
            else:
                self._end()

    def drop(self) -> None:
        """Take what is left, and wait for it."""
        while not self.ended:
            if not any(True for _ in self.take()):
                select.select([self._server.socket], [], [], 1.0)

    def _end(self) -> None:
        _check(self._server, pq.ExecStatus.COMMAND_OK)
        while self._server.get_result() is not None:
            pass
        self.ended = True


def lines(connection: Connection[Any], query: str) -> Iterator[bytes]:
    """The lines of `COPY (query) TO STDOUT`, without their ends. Raises psycopg.Error."""
    server = connection.pgconn
    poll = select.poll()
    poll.register(server.socket, select.POLLIN)
    server.send_query(f"COPY ({query}) TO STDOUT".encode())
    while server.is_busy():
        poll.poll(1000)
        server.consume_input()
    _check(server, pq.ExecStatus.COPY_OUT)
    get = server.get_copy_data
    while True:
        size, data = get(1)
        if size > 0:
            yield bytes(data)[:-1]
        elif size == 0:
            poll.poll(1000)
            server.consume_input()
        else:
            break
    _check(server, pq.ExecStatus.COMMAND_OK)
    while server.get_result() is not None:
        pass


def _check(server: pq.abc.PGconn, expected: pq.ExecStatus) -> None:
    result = server.get_result()
    if result is not None and result.status == expected:
        return
    message = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"") if result else server.error_message
    raise psycopg.OperationalError(message.decode(errors="replace") or "the connection was lost")
