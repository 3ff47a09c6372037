"""Workers of the engine under a steady load, kept alive as a service manager would, on a Kafka that can be troubled."""

import json
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from streams.engine.fail_stop import EXIT_STATUS
from tests.chaos.engine_verdict import Verdict, judge
from tests.chaos.proxied_cluster import ProxiedCluster
from tests.chaos.proxied_kafka import ProxiedKafka
from tests.integration.engine_harness import PARTITIONS, Site, Worker, until
from tests.integration.engine_load import Load

SOURCES = ("in", "more")
SESSION_SECONDS = 3.0
TRANSACTION_SECONDS = 5.0
#: How long anything may take that is no fault: the machine may be busy with other things.
PATIENCE_SECONDS = 120.0
#: So that what is read back is what compaction left.
_COMPACTED_ALL_THE_TIME = {
    "segment.ms": "2000",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "2000",
}
_EXPECTED_ENDS = (0, -signal.SIGKILL, EXIT_STATUS)


class Yard:
    """``workers`` by their names; ``ends`` counts how they ended, by exit status.

    ``takeovers``: seconds after which all was worked off again while one of several brokers was dead.
    """

    def __init__(self, kafka: ProxiedKafka | ProxiedCluster, folder: Path, chance: random.Random) -> None:
        self.kafka = kafka
        self.site = Site(kafka.bootstrap, folder)
        self.site.create("more")
        self.site.configure("state", _COMPACTED_ALL_THE_TIME)
        (folder / "sources").write_text(f"{self.site.name}.more")
        self.workers: dict[str, Worker] = {}
        self.ends: Counter[int] = Counter()
        self.takeovers: list[float] = []
        self.load = Load(self.site, list(SOURCES), chance=random.Random(chance.random()))
        self._lock = threading.RLock()
        self._is_kept = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._keeping: Future[None] | None = None

    def start(self) -> None:
        """Three workers, and somebody who starts again what ends."""
        for name in ("w1", "w2", "w3"):
            self.employ(name)
        self._keeping = self._pool.submit(self._keep)
        self._await_owners()

    def employ(self, name: str) -> Worker:
        """Start a worker and keep it."""
        with self._lock:
            self.workers[name] = self.site.start(
                name,
                ENGINE_SESSION_MS=str(int(SESSION_SECONDS * 1000)),
                ENGINE_TRANSACTION_MS=str(int(TRANSACTION_SECONDS * 1000)),
            )
            return self.workers[name]

    def dismiss(self, name: str) -> bool:
        """Ask a worker to stop, once it is up, and wait for its end. False: somebody else is doing so."""
        with self._lock:
            worker = self.workers.pop(name, None)
        if worker is None:
            return False
        self.wait_assigned(worker)
        worker.signal(signal.SIGTERM)
        self._await_end(worker)
        return True

    def anybody(self, chance: random.Random) -> Worker:
        """One of the workers; when all are just leaving, one that comes."""
        until(lambda: self.workers, seconds=PATIENCE_SECONDS, doing="somebody to be at work")
        with self._lock:
            return self.workers[chance.choice(sorted(self.workers))]

    def wait_assigned(self, worker: Worker) -> None:
        """Until a worker that was just started has got partitions, or has ended again."""
        until(
            lambda: worker.has_logged('"event": "recovery is done"') or worker.process.poll() is not None,
            seconds=PATIENCE_SECONDS,
            doing=f"{worker.name} to get its partitions",
        )

    @contextmanager
    def disturbed(self, kind: str) -> Iterator[None]:
        """While inside, the bodies of all workers are ``slow``, or ``raise`` now and then."""
        trouble = self.site.data / kind
        trouble.touch()
        try:
            yield
        finally:
            trouble.unlink()

    def wait_caught_up(self) -> None:
        """Until all that is in the sources by now is committed; on a busy machine that takes its time.

        Fails, with what the workers said last, when a partition that is behind has not moved for too long.
        """
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        ends: dict[tuple[str, int], int] = {}
        mark: dict[tuple[str, int], int] = {}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with suppress(KafkaException):  # a broker that has just come back does not know yet
                ends.update(ends or self._ends(admin))
                committed = self._committed()
                behind = {
                    place: committed.get(place, 0) for place, end in ends.items() if committed.get(place, 0) < end
                }
                if not behind:
                    return
                if all(at > mark.get(place, -1) for place, at in behind.items()):
                    mark, deadline = behind, time.monotonic() + PATIENCE_SECONDS
            assert time.monotonic() < deadline, f"the workers do not catch up to {ends}:\n{self._last_words()}"
            time.sleep(0.2)

    def wait_taken_over(self) -> None:
        """A broker has died: until what stands in the sources by then is committed without it."""
        began = time.monotonic()
        self.wait_caught_up()
        self.takeovers.append(time.monotonic() - began)

    def finish(self) -> Verdict:
        """The load is over: let the workers catch up, end them in order and judge what stands everywhere."""
        self.wait_caught_up()
        self._await_owners()
        owned = {name: worker.owned() for name, worker in self.workers.items()}
        self._is_kept.set()
        if self._keeping is not None:
            self._keeping.result(PATIENCE_SECONDS)
        # Not by -9: what is committed stands in RocksDB only a moment later.
        for worker in self.workers.values():
            worker.signal(signal.SIGTERM)
        for worker in self.workers.values():
            self._await_end(worker)
        return self._judge(owned)

    def _judge(self, owned: dict[str, list[int]]) -> Verdict:
        held: dict[bytes, bytes] = {}
        for name, numbers in owned.items():
            for number in numbers:
                held |= self.site.state_of(name, number)
        for suffix in ("out", "dead", "state"):
            self.site.await_decided(suffix)
        return judge(
            [rows for source in SOURCES for rows in self.site.rows(source).values()],
            self.site.rows("out").values(),
            dead=self.site.rows("dead")[0],
            changelog=self.site.changelog(),
            held=held,
        )

    def unexpected_ends(self) -> dict[int, int]:
        """Ends that were neither in order, nor by -9, nor a fail-stop, by exit status."""
        return {status: count for status, count in self.ends.items() if status not in _EXPECTED_ENDS}

    def close(self) -> None:
        """Leave nothing behind."""
        self._is_kept.set()
        self._pool.shutdown()  # what keeps workers must be over before they are killed
        self.site.close()

    def _await_owners(self) -> None:
        def all_are_owned() -> bool:
            with self._lock:
                return sorted(number for one in self.workers.values() for number in one.owned()) == everything

        everything = list(range(PARTITIONS))
        until(all_are_owned, seconds=PATIENCE_SECONDS, doing="every partition to have one owner")

    def _await_end(self, worker: Worker) -> None:
        try:
            self.ends[worker.process.wait(PATIENCE_SECONDS / 2)] += 1
        except subprocess.TimeoutExpired:
            worker.signal(signal.SIGQUIT)
            time.sleep(1)
            raise AssertionError(f"{worker.name} does not stop:\n{worker.log.read_text()[-6_000:]}") from None

    def _keep(self) -> None:
        while not self._is_kept.wait(0.2):
            with self._lock:
                for name, worker in list(self.workers.items()):
                    status = worker.process.poll()
                    if status is not None:
                        self.ends[status] += 1
                        self.employ(name)

    def _last_words(self) -> str:
        """How large the group is, and the end of each worker's log, with its stacks."""
        with self._lock:
            workers = list(self.workers.values())
        for worker in workers:
            worker.signal(signal.SIGQUIT)
        time.sleep(1)
        members = "the broker does not tell of its group"
        with suppress(KafkaException):
            members = f"{self.site.members()} members"
        logs = [f"--- {worker.log} {worker.process.pid}\n{worker.log.read_text()[-4_000:]}" for worker in workers]
        return "\n".join([members, *logs])

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
            "fed": yard.load.fed,
            "takeovers": [round(seconds, 1) for seconds in yard.takeovers],
            "at": time.strftime("%Y-%m-%dT%H:%M:%S"),
        }
    )
