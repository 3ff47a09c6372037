"""Random work while everything is killed with -9: at the end both sides are equal, and the target's history is clean.

The seed is printed; LIENTHONG_CRASH_SEED repeats a run's decisions. LIENTHONG_CRASH_KILLS: how often each is killed.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from tests.chaos.evidence import evidence
from tests.chaos.processes import wait_until
from tests.chaos.small_city import SmallCity, small_city
from tests.chaos.target import difference, history_faults
from tests.chaos.workload import Workload

KILLED = ("source", "w1", "w2", "sink", "postgres", "kafka")


def _kill(city: SmallCity, name: str) -> None:
    if name in city.processes:
        city.processes[name].kill()
        return
    server = city.kafka if name == "kafka" else city.postgres
    assert isinstance(server, Kafka | Postgres)
    server.kill()
    server.start()
    server.wait_ready()


@pytest.mark.timeout(600)  # two minutes where the machine has nothing else to do
def test_nothing_is_lost_repeated_or_reordered_when_everything_is_killed(
    private_kafka: Callable[[], Kafka], private_postgres: Callable[[], Postgres], registry: str, tmp_path: Path
) -> None:
    seed = int(os.environ.get("LIENTHONG_CRASH_SEED", random.SystemRandom().randrange(1_000_000)))
    kills = int(os.environ.get("LIENTHONG_CRASH_KILLS", "3"))
    print(f"LIENTHONG_CRASH_SEED={seed}")
    chance = random.Random(seed)
    schedule = [name for name in KILLED for _ in range(kills)]
    chance.shuffle(schedule)
    with small_city(private_kafka(), private_postgres(), registry, tmp_path) as city:
        for name in ("source", "w1", "w2", "sink"):
            city.start(name)
        work = Workload(city.source_dsn, seed, pause=0.03)  # what is done must be caught up with on a busy machine
        work.start()
        visitor = {len(schedule) // 3: "join", 2 * len(schedule) // 3: "leave"}
        for number, victim in enumerate(schedule):
            time.sleep(chance.uniform(0.5, 4.0))  # the moment of the kill is the test's own random choice
            _kill(city, victim)
            if visitor.get(number) == "join":
                city.start("w3")
            elif visitor.get(number) == "leave":
                wait_until(city.processes["w3"].heeds_requests, seconds=60, what="the visitor has started")
                assert city.processes.pop("w3").stop() == 0, "a worker that is asked to leave ends cleanly"
        work.stop()
        assert work.committed > 200, "the workload hardly ran"
        wait_until(
            lambda: not difference(city.source_dsn, city.target_dsn),
            seconds=240,
            what=f"seed {seed}: source and target equal ({work.committed} transactions)",
            detail=lambda: str(difference(city.source_dsn, city.target_dsn))[:2000],
        )
        faults = history_faults(city.target_dsn)
        if faults:
            print(evidence(city, faults[0].uid))
        assert not faults, f"seed {seed}: {len(faults)} faults in the target's history, first: {faults[:8]}"
        print(f"{work.committed} transactions, {work.failed} lost connections, killed: {schedule}")
