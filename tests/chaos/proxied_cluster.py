"""Three brokers that tell everybody, and each other, to come through a proxy of their own."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.embedded.cache import Report
from deploy.embedded.kafka import Kafka
from deploy.embedded.ports import free_port
from deploy.embedded.server import say_nothing
from tests.chaos.kafka_proxy import AnswerTrouble, KafkaProxy, Trouble
from tests.chaos.proxied_kafka import ProxiedKafka
from tests.integration.engine_harness import until

_HEAP_MB = 256
_READY_SECONDS = 240.0


class ClusterBroker(ProxiedKafka):
    """One of several: broker and controller at once. Every topic has a replica on each, and two must have a record."""

    in_sync = 2

    def __init__(self, data: Path, *, number: int, controllers: Sequence[int]) -> None:
        """``controllers``: by number from 1 on, the ports at which they vote."""
        super().__init__(data, heap_mb=_HEAP_MB)
        self._number = number
        self._controllers = controllers

    def configure(self, report: Report = say_nothing) -> None:
        """See Kafka. What QuickKafka has formatted is another broker's."""
        Kafka.configure(self, report)

    def _own_settings(self) -> dict[str, str | int]:
        voters = [f"{number}@127.0.0.1:{port}" for number, port in enumerate(self._controllers, start=1)]
        own = self._controllers[self._number - 1]
        return {
            **super()._own_settings(),
            "node.id": self._number,
            "controller.quorum.voters": ",".join(voters),
            "listeners": f"BROKER://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{own}",
            "default.replication.factor": len(voters),
            "min.insync.replicas": self.in_sync,
            "unclean.leader.election.enable": "false",
            "offsets.topic.replication.factor": len(voters),
            "transaction.state.log.replication.factor": len(voters),
            "transaction.state.log.min.isr": self.in_sync,
        }


class Proxies:
    """What KafkaProxy offers, for all brokers at once."""

    def __init__(self, proxies: Sequence[KafkaProxy]) -> None:
        self._proxies = proxies

    def trouble(self, api: int, trouble: Trouble) -> AbstractContextManager[None]:
        """See KafkaProxy."""
        return _together(proxy.trouble(api, trouble) for proxy in self._proxies)

    def answer_trouble(self, api: int, trouble: AnswerTrouble) -> AbstractContextManager[None]:
        """See KafkaProxy."""
        return _together(proxy.answer_trouble(api, trouble) for proxy in self._proxies)

    def close(self) -> None:
        """See KafkaProxy."""
        for proxy in self._proxies:
            proxy.close()


@contextmanager
def _together(troubles: Iterable[AbstractContextManager[None]]) -> Iterator[None]:
    with ExitStack() as stack:
        for each in troubles:
            stack.enter_context(each)
        yield


class ProxiedCluster:
    """What a campaign asks of a ProxiedKafka, with three brokers behind it."""

    in_sync = ClusterBroker.in_sync

    def __init__(self, folder: Path, *, size: int = 3) -> None:
        controllers = [free_port() for _ in range(size)]
        self.brokers = [
            ClusterBroker(folder / f"kafka-{number}", number=number, controllers=controllers)
            for number in range(1, size + 1)
        ]
        self.proxy = Proxies([broker.proxy for broker in self.brokers])
        self.bootstrap = ",".join(broker.bootstrap for broker in self.brokers)

    def configure(self) -> None:
        """See Kafka."""
        for broker in self.brokers:
            broker.configure()

    def start(self) -> None:
        """See Kafka."""
        for broker in self.brokers:
            broker.start()

    def wait_ready(self, *, seconds: float = _READY_SECONDS) -> None:
        """Until each answers, and every partition has all its replicas."""
        for broker in self.brokers:
            broker.wait_ready(seconds=seconds)
        until(self._is_whole, seconds=seconds, doing="every replica to have caught up")

    def kill(self) -> None:
        """See Kafka."""
        for broker in self.brokers:
            broker.kill()

    def _is_whole(self) -> bool:
        with suppress(KafkaException):
            found = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0}).list_topics(timeout=5)
            parts = [part for topic in found.topics.values() for part in topic.partitions.values()]
            return len(found.brokers) == len(self.brokers) and all(
                len(part.isrs) == len(self.brokers) for part in parts
            )
        return False
