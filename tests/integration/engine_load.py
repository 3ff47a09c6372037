"""A steady load whose truth is known: it is what stands in the topics."""

import random
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from types import TracebackType

from confluent_kafka import Producer

from tests.integration.engine_harness import Site


class Load:
    """Some 400 records a second under random keys, each value but once, to the topics of ``suffixes``.

    The list may grow meanwhile. Leaving waits until Kafka has acknowledged all; ``fed`` is how many that are.
    """

    def __init__(
        self, site: Site, suffixes: list[str], *, keys: int = 400, chance: random.Random | None = None
    ) -> None:
        self.suffixes = suffixes
        self.fed = 0
        self._site, self._keys = site, keys
        self._chance = chance or random.Random()
        self._is_over = Event()
        self._pool = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None

    def __enter__(self) -> "Load":
        self._running = self._pool.submit(self._run)
        return self

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._is_over.set()
        self._pool.shutdown()
        if error is None and self._running is not None:
            self._running.result()

    def _run(self) -> None:
        config = {"bootstrap.servers": self._site.kafka, "enable.idempotence": True, "linger.ms": 5}
        producer = Producer(config)
        while not self._is_over.wait(0.05):
            for _ in range(self._chance.randrange(40)):
                topic = f"{self._site.name}.{self._chance.choice(self.suffixes)}"
                key = self._chance.randrange(self._keys)
                producer.produce(topic, b"%d" % self.fed, b"key-%d" % key, key % self._site.partitions)
                self.fed += 1
            producer.poll(0)
        assert producer.flush(60) == 0
