"""Everything that a campaign does to processes, servers, wires and clocks. Each fault returns when it is over."""

import resource
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psycopg

from deploy.embedded.server import Server
from tests.chaos.five_city import PROCESSES
from tests.chaos.gate import Gate
from tests.chaos.processes import wait_until
from tests.chaos.rig import named_points
from tests.chaos.yard import Yard

#: Within which a process comes by a named point while officers work.
_PASSES_SECONDS = 8.0
_TRIES = 20
_SLOT = "lienthong_ho_tich"
_MISSED = """
select set_config('application_name', 'can_bo', false);
delete from public.cong_dan where id in (select id from public.cong_dan order by id limit 3);
select pg_drop_replication_slot('lienthong_ho_tich');
"""


def kill_at_a_point(yard: Yard) -> None:
    """-9 at the named point where the fewest have died so far."""
    points = named_points()
    point = min(sorted(points), key=lambda name: (yard.done[f"kill -9: {name}"], yard.chance.random()))
    for _ in range(_TRIES):
        victim = yard.chance.choice(points[point])
        if yard.city.kill_at(victim, point.partition(": ")[2], seconds=_PASSES_SECONDS):
            yard.count(f"kill -9: {point}")
            return
    raise AssertionError(f"no process came by a point within {_TRIES * _PASSES_SECONDS:.0f} s: {point}")


def freeze(yard: Yard) -> None:
    """A process stands still and wakes up again."""
    process = yard.city.processes[yard.chance.choice(PROCESSES)]
    process.freeze()
    time.sleep(yard.chance.uniform(5.0, max(6.0, yard.longest)))
    process.thaw()
    yard.count("SIGSTOP")


def kill_broker(yard: Yard) -> None:
    """-9 for Kafka."""
    _restart(yard.city.kafka)
    yard.count("broker kill")


def kill_database(yard: Yard) -> None:
    """-9 for PostgreSQL, sources and targets alike."""
    assert isinstance(yard.city.postgres, Server)
    _restart(yard.city.postgres)
    yard.count("database kill")


def _restart(server: Server) -> None:
    server.kill()
    server.start()
    server.wait_ready(seconds=120)


def lose_slot(yard: Yard) -> None:
    """A source is away, its slot is dropped, and rows are deleted meanwhile: no log tells of that."""
    city = yard.city
    city.processes.pop("source/ho_tich").stop()
    with psycopg.connect(city.postgres.dsn("ho_tich"), autocommit=True) as connection:
        wait_until(lambda: not _is_read(connection), seconds=60, what="nobody reads the slot")
        connection.execute(_MISSED)
    city.start("source/ho_tich")
    yard.count("slot lost, with deletes meanwhile")


def _is_read(connection: psycopg.Connection) -> bool:
    found = connection.execute("select active from pg_replication_slots where slot_name = %s", [_SLOT]).fetchone()
    return found is None or bool(found[0])


def _trouble(name: str, begin: Callable[[Gate], None], yard: Yard) -> None:
    gate = yard.city.gates[yard.chance.choice(sorted(yard.city.gates))]
    begin(gate)
    yard.wait()
    gate.open()
    yard.count(f"connections {name}")


def move_clock(yard: Yard) -> None:
    """A process's wall clock jumps by an hour, and back."""
    name, hours = yard.chance.choice(PROCESSES), yard.chance.choice((-1, 1))
    yard.city.set_clock(name, hours * 3600)
    yard.wait()
    yard.city.set_clock(name, 0)
    yard.count("wall clock ± 1 h")


def fill_disk_of_state(yard: Yard) -> None:
    """A worker cannot write to its disk any more; where its supervisor starts it again, it can."""
    _fill(yard, yard.chance.choice(("w1", "w2")), "state")


def fill_disk_of_files(yard: Yard) -> None:
    """The sink of the files cannot write to its disk, for a while."""
    _fill(yard, "sink/bao_cao", "files")


def fill_disk_of_target(yard: Yard) -> None:
    """No table of population can grow, for its officers and its sink alike. It counts where one of them was told so."""
    assert isinstance(yard.city.postgres, Server)
    log = yard.city.postgres.log_path
    if yard.disk is None:
        return
    known = log.stat().st_size
    with yard.disk.full():
        yard.wait()
    if b"No space left on device" in log.read_bytes()[known:]:
        yard.count("disk full: target")


def _fill(yard: Yard, name: str, what: str) -> None:
    process = yard.city.processes[name]

    def is_limited() -> bool:
        try:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        except ProcessLookupError:  # it has just died of something else
            return False
        return True

    wait_until(is_limited, seconds=60, what=f"{name} runs")
    pid, starts = process.pid, process.starts
    yard.wait()
    if process.starts == starts:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    yard.count(f"disk full: {what}")


def fill_disk_of_broker(yard: Yard) -> None:
    """Kafka cannot write to its disk; it is started again with room."""
    kafka = yard.city.kafka
    assert kafka.pid is not None
    resource.prlimit(kafka.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yard.wait()
    _restart(kafka)
    yard.count("disk full: broker")


Fault = Callable[[Yard], None]
cut: Fault = partial(_trouble, "cut", Gate.shut)
blackhole: Fault = partial(_trouble, "in a black hole", Gate.swallow)
slow: Fault = partial(_trouble, "slow", Gate.slow_down)
half_open: Fault = partial(_trouble, "half open", Gate.leave_half_open)
