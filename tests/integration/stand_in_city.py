"""A city of two idle services behind the real supervisor and the real servers: `python stand_in_city.py DATA`."""

import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.embedded.city_processes import City
from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.process import Command
from deploy.embedded.supervisor import ProcessSpec
from deploy.embedded.up import up

IDLE = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
#: Counts its starts in Kafka: a topic each.
PREPARE = """
import os
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
admin = AdminClient({"bootstrap.servers": os.environ["LIENTHONG_KAFKA"]})
starts = sum(name.startswith("start-") for name in admin.list_topics(timeout=10).topics)
futures = admin.create_topics([NewTopic(f"start-{starts}", 1, 1)])
[future.result(10) for future in futures.values()]
print(f"starts before this one: {starts}")
"""


class StandInCity(City):
    """What the supervisor asks a city for, without the rest of the product."""

    def __init__(self, environment: Mapping[str, str], data: DataDirectory) -> None:
        super().__init__(environment, data)
        self._own = environment

    def preparations(self) -> list[ProcessSpec]:
        return [self._python("prepare", PREPARE)]

    def services(self) -> list[list[ProcessSpec]]:
        return [[self._python("idle", IDLE)], [self._python("stubborn", STUBBORN)]]

    def readiness(self) -> ProcessSpec:
        return self._python("wait-ready", "print('everybody has arrived')")

    def tidying(self) -> list[ProcessSpec]:
        return []

    def _python(self, name: str, code: str) -> ProcessSpec:
        command = Command(argv=(sys.executable, "-u", "-c", code), env=self._own, grace_seconds=0.5)
        return ProcessSpec(name=name, command=lambda: command)


if __name__ == "__main__":
    up(DataDirectory(Path(sys.argv[1])), ports={}, make_city=StandInCity)
