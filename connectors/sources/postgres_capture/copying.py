"""COPY … TO STDOUT line by line, for tables of millions of rows: psycopg's own way costs more than the decoding."""

import select
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import Connection, pq


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
