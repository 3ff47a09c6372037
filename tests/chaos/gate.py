"""A door in front of a server: while it is shut, no line leads there, and those that did are gone."""

import contextlib
import socket
import struct
import threading


class Gate:
    """Passes on everything between a port of its own and the server's, while it is open."""

    def __init__(self, port: int) -> None:
        """`port` of the server on loopback."""
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._is_open = True
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="gate", daemon=True).start()

    def shut(self) -> None:
        """Until `open`. What was on its way is lost; nobody is told why."""
        with self._lock:
            self._is_open = False
            for line in self._lines:
                _reset(line)
            self._lines.clear()

    def open(self) -> None:
        """Lines are let through again."""
        self._is_open = True

    def close(self) -> None:
        """For good."""
        self.shut()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._server, timeout=5)
                except OSError:
                    _reset(client)
                    continue
                server.settimeout(None)
                self._let_through(client, server)

    def _let_through(self, client: socket.socket, server: socket.socket) -> None:
        with self._lock:
            if not self._is_open:
                _reset(client)
                _reset(server)
                return
            self._lines |= {client, server}
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for line in (one, other):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._lines -= {one, other}


def _reset(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.shutdown(socket.SHUT_RDWR)
    line.close()
