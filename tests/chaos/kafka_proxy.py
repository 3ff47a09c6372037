"""Stands between a broker and all who speak to it, itself included, and delays, loses or repeats what it is told.

The broker writes transaction markers through its own advertised listener: with this proxy advertised they come by here.
"""

import asyncio
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from tests.chaos.kafka_wire import Request, request_of

#: Called with a request before it goes on. It may wait: what follows on this connection waits too. When it raises Cut
#: the request goes nowhere and the connection ends.
Trouble = Callable[[Request], Awaitable[None]]
#: Called with the answer to a request before it goes on.
AnswerTrouble = Callable[[Request, bytes], Awaitable[bytes]]


class Cut(Exception):  # noqa: N818 - an order, not an error
    """End this connection."""


class KafkaProxy:
    """Listens on a port of loopback and passes everything on to another; runs on a thread of its own until closed."""

    def __init__(self, upstream_port: int, *, port: int = 0) -> None:
        self.upstream_port = upstream_port
        self.port = port
        self._requests: defaultdict[int, list[Trouble]] = defaultdict(list)
        self._answers: defaultdict[int, list[AnswerTrouble]] = defaultdict(list)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kafka-proxy", daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    @contextmanager
    def trouble(self, api: int, trouble: Trouble) -> Iterator[None]:
        """While inside, requests of this kind meet this trouble, after any other that is there already."""
        self._requests[api].append(trouble)
        try:
            yield
        finally:
            self._requests[api].remove(trouble)

    @contextmanager
    def answer_trouble(self, api: int, trouble: AnswerTrouble) -> Iterator[None]:
        """While inside, answers to requests of this kind meet this trouble, after any other that is there already."""
        self._answers[api].append(trouble)
        try:
            yield
        finally:
            self._answers[api].remove(trouble)

    def close(self) -> None:
        """Drop all connections and listen no more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        asked: deque[Request] = deque()
        try:
            broker, requests = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            answers.close()
            return
        pumps = [
            asyncio.ensure_future(self._pass_requests(client, requests, asked)),
            asyncio.ensure_future(self._pass_answers(broker, answers, asked)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            requests.close()
            answers.close()

    async def _pass_requests(
        self, client: asyncio.StreamReader, broker: asyncio.StreamWriter, asked: deque[Request]
    ) -> None:
        with suppress(Cut, OSError, asyncio.IncompleteReadError):
            while True:
                request = request_of(await _frame(client), broker=self.upstream_port)
                for trouble in tuple(self._requests[request.api]):
                    await trouble(request)
                asked.append(request)
                await _pass_on(broker, request.frame)

    async def _pass_answers(
        self, broker: asyncio.StreamReader, client: asyncio.StreamWriter, asked: deque[Request]
    ) -> None:
        with suppress(Cut, OSError, asyncio.IncompleteReadError):
            while True:
                answer = await _frame(broker)
                request = asked.popleft()
                for trouble in tuple(self._answers[request.api]):
                    answer = await trouble(request, answer)
                await _pass_on(client, answer)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(length)


async def _pass_on(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(struct.pack(">i", len(frame)) + frame)
    await writer.drain()
