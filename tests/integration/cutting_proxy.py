"""Stands between a client and a server and, when told so, swallows the answer to one message and cuts the line."""

import socket
import threading
from contextlib import suppress


class CuttingProxy:
    """One thread a connection and direction; all end when the line does."""

    def __init__(self, port: int) -> None:
        """`port` of the server on loopback."""
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._deadly: bytes | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, message: bytes) -> None:
        """The next message that holds these bytes still reaches the server; its answer reaches nobody."""
        self._deadly = message

    def close(self) -> None:
        """No further connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                cut = threading.Event()
                threading.Thread(target=self._send, args=(client, server, cut), daemon=True).start()
                threading.Thread(target=self._answer, args=(client, server, cut), daemon=True).start()

    def _send(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self._deadly is not None and self._deadly in data:
                    self._deadly = None
                    cut.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)

    def _answer(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while (data := server.recv(65536)) and not cut.is_set():
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
