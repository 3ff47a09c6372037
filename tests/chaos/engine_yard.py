"""Workers of the engine under a steady load, kept alive as a service manager would, on a Kafka that can be troubled."""

import json
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from streams.engine.fail_stop import EXIT_STATUS
from tests.chaos.engine_verdict import Verdict, judge
from tests.chaos.proxied_kafka import ProxiedKafka
from tests.integration.engine_harness import PARTITIONS, Site, Worker, until

SOURCES = ("in", "more")
KEYS = 400
SESSION_SECONDS = 3.0
TRANSACTION_SECONDS = 5.0
#: So that what is read back is what compaction left.
_COMPACTED_ALL_THE_TIME = {
    "segment.ms": "2000",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "2000",
}
_EXPECTED_ENDS = (0, -signal.SIGKILL, EXIT_STATUS)


class Yard:
    """``workers`` by their names; ``ends`` counts how they ended, by exit status."""

    def __init__(self, kafka: ProxiedKafka, folder: Path, chance: random.Random) -> None:
        self.kafka, self.chance = kafka, chance
        self.site = Site(kafka.bootstrap, folder)
        self.site.create("more")
        self.site.configure("state", _COMPACTED_ALL_THE_TIME)
        (folder / "sources").write_text(f"{self.site.name}.more")
        self.workers: dict[str, Worker] = {}
        self.ends: Counter[int] = Counter()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._feed, self._keep)]
        self.fed = 0

    def start(self) -> None:
        """Three workers, the load, and somebody who starts again what ends."""
        for name in ("w1", "w2", "w3"):
            self.employ(name)
        for thread in self._threads:
            thread.start()
        until(self._all_are_owned, seconds=60, doing="every partition to have one owner")

    def employ(self, name: str) -> Worker:
        """Start a worker and keep it."""
        with self._lock:
            self.workers[name] = self.site.start(
                name,
                ENGINE_SESSION_MS=str(int(SESSION_SECONDS * 1000)),
                ENGINE_TRANSACTION_MS=str(int(TRANSACTION_SECONDS * 1000)),
            )
            return self.workers[name]

    def dismiss(self, name: str) -> None:
        """Ask a worker to stop, once it is up, and wait for its end."""
        with self._lock:
            worker = self.workers.pop(name)
        self.wait_assigned(worker)
        worker.signal(signal.SIGTERM)
        self.ends[worker.process.wait(30)] += 1

    def anybody(self) -> Worker:
        """One of the workers."""
        with self._lock:
            return self.workers[self.chance.choice(sorted(self.workers))]

    def wait_assigned(self, worker: Worker, *, seconds: float = 40) -> None:
        """Until a worker that was just started has got partitions, or has ended again."""
        until(
            lambda: worker.has_logged('"event": "recovery is done"') or worker.process.poll() is not None,
            seconds=seconds,
            doing=f"{worker.name} to get its partitions",
        )

    def disturb(self, kind: str) -> None:
        """Tell the bodies of all workers to be ``slow``, to ``raise`` now and then, or (empty) to behave."""
        (self.site.data / "trouble").write_text(kind)

    def wait_caught_up(self, *, seconds: float) -> None:
        """Until all that is in the sources by now is committed. Fails with what the workers said last."""
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        ends: dict[tuple[str, int], int] = {}
        deadline = time.monotonic() + seconds
        while True:
            with suppress(KafkaException):  # a broker that has just come back does not know yet
                ends.update(ends or self._ends(admin))
                committed = self._committed()
                if all(committed.get(place, 0) >= end for place, end in ends.items()):
                    return
            assert time.monotonic() < deadline, f"the workers do not catch up to {ends}:\n{self._last_words()}"
            time.sleep(0.2)

    def finish(self) -> Verdict:
        """Stop the load, let the workers catch up, end them all with -9 and judge what stands everywhere."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)
        self.disturb("")
        for name, worker in self.workers.items():
            if worker.process.poll() is not None:
                self.workers[name] = self.employ(name)
        self.wait_caught_up(seconds=60)
        until(self._all_are_owned, seconds=60, doing="every partition to have one owner")
        for worker in self.workers.values():
            worker.kill()
        held: dict[bytes, bytes] = {}
        for worker in self.workers.values():
            for number in worker.owned():
                held |= self.site.state_of(worker.name, number)
        inputs = [rows for source in SOURCES for rows in self.site.rows(source).values()]
        return judge(inputs, self.site.rows("out").values(), changelog=self.site.changelog(), held=held)

    def unexpected_ends(self) -> dict[int, int]:
        """Ends that were neither in order, nor by -9, nor a fail-stop, by exit status."""
        return {status: count for status, count in self.ends.items() if status not in _EXPECTED_ENDS}

    def close(self) -> None:
        """Leave nothing behind."""
        self._over.set()
        self.site.close()

    def _all_are_owned(self) -> bool:
        owned = sorted(number for worker in self.workers.values() for number in worker.owned())
        return owned == list(range(PARTITIONS))

    def _feed(self) -> None:
        config = {"bootstrap.servers": self.kafka.bootstrap, "enable.idempotence": True, "linger.ms": 5}
        producer, chance = Producer(config), random.Random(self.chance.random())
        while not self._over.wait(0.05):
            for _ in range(chance.randrange(40)):
                source = chance.choice(SOURCES)
                key = chance.randrange(KEYS)
                producer.produce(f"{self.site.name}.{source}", b"%d" % self.fed, b"key-%d" % key, key % PARTITIONS)
                self.fed += 1
            producer.poll(0)
        assert producer.flush(60) == 0

    def _keep(self) -> None:
        while not self._over.wait(0.2):
            with self._lock:
                for name, worker in list(self.workers.items()):
                    status = worker.process.poll()
                    if status is not None:
                        self.ends[status] += 1
                        self.employ(name)

    def _last_words(self) -> str:
        """The group as the broker sees it, and the end of each worker's log, with its stacks."""
        with self._lock:
            workers = list(self.workers.values())
        for worker in workers:
            worker.signal(signal.SIGQUIT)
        time.sleep(1)
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        group = admin.describe_consumer_groups([self.site.name], request_timeout=5)[self.site.name].result(10)
        members = [(member.client_id, member.member_id, member.assignment) for member in group.members]
        logs = [f"--- {worker.log} {worker.process.pid}\n{worker.log.read_text()[-4_000:]}" for worker in workers]
        return "\n".join([f"{group.state} {members}", *logs])

    def _ends(self, admin: AdminClient) -> dict[tuple[str, int], int]:
        admin.list_topics(timeout=5)  # else it may ask with an old leader's epoch for minutes
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = admin.list_offsets(dict.fromkeys(self._places(), latest), request_timeout=5)
        return {(place.topic, place.partition): future.result(10).offset for place, future in asked.items()}

    def _committed(self) -> dict[tuple[str, int], int]:
        # A consumer of its own each time: one that knew a coordinator before the broker was killed may wait for that
        # one without end. AdminClient.list_consumer_group_offsets was seen to crash when the coordinator moves.
        reader = Consumer(
            # Not only stable offsets: under load there is always some transaction that has yet to end.
            {
                "bootstrap.servers": self.kafka.bootstrap,
                "group.id": self.site.name,
                "isolation.level": "read_uncommitted",
            }
        )
        try:
            places = reader.committed(self._places(), timeout=5)
        finally:
            reader.close()
        return {(place.topic, place.partition): place.offset for place in places}

    def _places(self) -> list[TopicPartition]:
        return [TopicPartition(f"{self.site.name}.{source}", n) for source in SOURCES for n in range(PARTITIONS)]


def summary(yard: Yard, cycles: Counter[str], seconds: float) -> str:
    """What was done, in one line of JSON."""
    return json.dumps(
        {
            "seconds": round(seconds),
            "cycles": dict(sorted(cycles.items())),
            "ends": {str(status): count for status, count in sorted(yard.ends.items())},
            "fed": yard.fed,
            "at": time.strftime("%Y-%m-%dT%H:%M:%S"),
        }
    )
