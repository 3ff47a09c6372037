"""A door in front of a server: while it is shut, no line leads there, and those that did are gone."""

import contextlib
import socket
import struct
import threading
import time

_SLOW_SECONDS = 0.15


class Gate:
    """Passes on everything between a port of its own and the server's, while it is open."""

    def __init__(self, port: int) -> None:
        """`port` of the server on loopback."""
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._is_open = True
        #: Seconds that everything takes longer.
        self._delay = 0.0
        #: Whether anything passes at all; what waits is held, as the network would send it again.
        self._flows = threading.Event()
        self._flows.set()
        self._lines: set[socket.socket] = set()
        self._servers: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="gate", daemon=True).start()

    def shut(self) -> None:
        """Until `open`. What was on its way is lost; nobody is told why."""
        with self._lock:
            self._is_open = False
            self._flows.set()
            for line in self._lines:
                _reset(line)
            self._lines.clear()

    def swallow(self) -> None:
        """Until `open`: lines stand, and nothing comes out of them."""
        self._flows.clear()

    def slow_down(self) -> None:
        """Until `open`: everything arrives late."""
        self._delay = _SLOW_SECONDS

    def leave_half_open(self) -> None:
        """Until `open`: the server's ends of all lines are gone, and nobody tells the clients."""
        self._flows.clear()
        with self._lock:
            for line in self._servers & self._lines:
                self._lines.discard(line)
                _reset(line)

    def open(self) -> None:
        """All is well again."""
        self._is_open, self._delay = True, 0.0
        self._flows.set()

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
            self._servers = {line for line in self._servers if line in self._lines} | {server}
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                self._flows.wait()
                if self._delay:
                    time.sleep(self._delay)
                other.sendall(data)
        self._flows.wait()
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
