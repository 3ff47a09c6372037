"""Everything that the engine's campaign does to workers, broker and network.

Each fault returns when it is over; several may be under way at once, each with a chance of its own.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

from confluent_kafka import KafkaException

from tests.chaos.engine_yard import PATIENCE_SECONDS, SESSION_SECONDS, TRANSACTION_SECONDS, Yard
from tests.chaos.kafka_proxy import Cut, Trouble
from tests.chaos.kafka_wire import OFFSETS_TOPIC, Api, Request, ask, markers_of, only, with_markers
from tests.integration.engine_harness import until

_VISITOR = "w4"


def join(yard: Yard, _chance: Random) -> None:
    """One worker more."""
    yard.dismiss(_VISITOR)
    yard.wait_assigned(yard.employ(_VISITOR))


def leave(yard: Yard, chance: Random) -> None:
    """A worker is asked to go; another of its name comes."""
    name = yard.anybody(chance).name
    if yard.dismiss(name) and name != _VISITOR:
        yard.employ(name)


def kill(yard: Yard, chance: Random) -> None:
    """-9, with no warning. Its keeper starts it again."""
    yard.anybody(chance).signal(signal.SIGKILL)


def freeze(yard: Yard, chance: Random) -> None:
    """A worker stands still until the group has given its partitions away, and wakes with a round half done."""
    worker = yard.anybody(chance)
    with yard.kafka.proxy.trouble(Api.TXN_OFFSET_COMMIT, _delay(lambda: 0.2)):
        time.sleep(0.3)  # now most rounds are between their data and their offsets
        worker.signal(signal.SIGSTOP)
        time.sleep(0.3)
    time.sleep(SESSION_SECONDS + chance.uniform(0.5, TRANSACTION_SECONDS))
    worker.signal(signal.SIGCONT)


def broker(yard: Yard, chance: Random) -> None:
    """A broker is killed and started again: the only one, or one of three, once the others have taken over."""
    victim = chance.choice(yard.kafka.brokers)
    victim.kill()
    if len(yard.kafka.brokers) == 1:
        time.sleep(chance.uniform(0.0, 2.0))
    else:
        yard.wait_taken_over()
    victim.start()
    yard.kafka.wait_ready(seconds=PATIENCE_SECONDS)


def slow_output(yard: Yard, chance: Random) -> None:
    """What is written takes its time, and bodies are slow."""
    slowly = _delay(lambda: chance.uniform(0.05, 0.4))
    with yard.disturbed("slow"), yard.kafka.proxy.trouble(Api.PRODUCE, slowly):
        time.sleep(3)


def failing_output(yard: Yard, chance: Random) -> None:
    """The output takes nothing, for it misses a replica, and bodies raise now and then."""
    with yard.disturbed("raise"):
        _demand_replicas(yard, len(yard.kafka.brokers) + 1)
        time.sleep(chance.uniform(1, TRANSACTION_SECONDS + 2))
        _demand_replicas(yard, yard.kafka.in_sync)


def no_commit(yard: Yard, chance: Random) -> None:
    """No round can commit while partitions move."""
    with yard.kafka.proxy.trouble(Api.TXN_OFFSET_COMMIT, _cutting), yard.kafka.proxy.trouble(Api.END_TXN, _cutting):
        time.sleep(0.5)
        kill(yard, chance)
        time.sleep(chance.uniform(1, SESSION_SECONDS + 2))


def end_delayed(yard: Yard, chance: Random) -> None:
    """The ends of transactions are on their way for so long that some come after the broker's time-out."""
    with yard.kafka.proxy.trouble(Api.END_TXN, _delay(lambda: chance.uniform(0, TRANSACTION_SECONDS * 1.3))):
        time.sleep(1)
        chance.choice([kill, leave])(yard, chance)
        time.sleep(TRANSACTION_SECONDS)


def end_lost(yard: Yard, chance: Random) -> None:
    """Ends are lost before or after the broker saw them; some of the lost arrive late."""
    late: list[asyncio.Task[None]] = []

    async def arrive_late(request: Request) -> None:
        await asyncio.sleep(chance.uniform(0.02, 1.0))
        with suppress(OSError):  # the broker may be down for another fault
            await asyncio.to_thread(ask, request.broker, request.frame)

    async def lose(request: Request) -> None:
        if chance.random() < 0.3:
            if chance.random() < 0.7:
                late.append(asyncio.ensure_future(arrive_late(request)))
            raise Cut

    async def lose_answer(_request: Request, answer: bytes) -> bytes:
        if chance.random() < 0.2:
            raise Cut
        return answer

    proxy = yard.kafka.proxy
    with proxy.trouble(Api.END_TXN, lose), proxy.answer_trouble(Api.END_TXN, lose_answer):
        time.sleep(4)


def markers_apart(yard: Yard, chance: Random) -> None:
    """The marker of a transaction's offsets lands before those of its data, or after; meanwhile partitions move."""
    offsets_first = chance.random() < 0.7

    async def split(request: Request) -> None:
        early = only(markers_of(request), lambda name: (name == OFFSETS_TOPIC) is offsets_first)
        if early and chance.random() < 0.5:
            await asyncio.to_thread(ask, request.broker, with_markers(request, early))
            await asyncio.sleep(chance.uniform(0.2, 1.5))

    with yard.kafka.proxy.trouble(Api.WRITE_TXN_MARKERS, split):
        time.sleep(0.5)
        chance.choice([kill, leave])(yard, chance)
        time.sleep(SESSION_SECONDS + 2)


FAULTS: dict[str, Callable[[Yard, Random], None]] = {
    fault.__name__: fault
    for fault in (
        join,
        leave,
        kill,
        freeze,
        broker,
        slow_output,
        failing_output,
        no_commit,
        end_delayed,
        end_lost,
        markers_apart,
    )
}


def _delay(seconds: Callable[[], float]) -> Trouble:
    async def wait(_request: Request) -> None:
        await asyncio.sleep(seconds())

    return wait


async def _cutting(_request: Request) -> None:
    raise Cut


def _demand_replicas(yard: Yard, count: int) -> None:
    def is_taken() -> bool:
        with suppress(KafkaException, TimeoutError):  # the broker may be down for another fault
            yard.site.configure("out", {"min.insync.replicas": str(count)})
            return True
        return False

    until(is_taken, seconds=PATIENCE_SECONDS, doing="the broker to take a setting")
