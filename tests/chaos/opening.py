"""Opens a yard: servers of its own, five systems, everything between them running, and people in the registers."""

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from tests.chaos.five_manifests import TABLES
from tests.chaos.officers import Officer
from tests.chaos.rig import rigged_city
from tests.chaos.shift import Shift
from tests.chaos.standing_servers import standing_servers
from tests.chaos.yard import Yard
from tests.integration.small_disk import small_disk

_FIRST_EDITS = {"dan_cu": 60, "ho_tich": 40, "dkkd": 30}
_READY_SECONDS = 180.0
#: Of the disk with the tables of population. Nothing but these is there, so far more than a day's campaign writes.
_DISK = 256 << 20


@contextmanager
def open_yard(folder: Path, seed: int, *, longest: float, officers: Mapping[str, type[Officer]]) -> Iterator[Yard]:
    """`folder`: empty. `longest`: see Yard. Everything is ended with the block, however that ends."""
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(folder / "disk", size=_DISK))
        kafka, postgres, registry = stack.enter_context(standing_servers(folder))
        home = folder / "city"
        home.mkdir()
        city = stack.enter_context(rigged_city(kafka, postgres, registry.url, home))
        if disk is None:
            print("no disk of a target can be filled: mounting one takes root's rights", flush=True)
        else:
            disk.take_tables(postgres)
            with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
                connection.execute("alter database dan_cu set tablespace small")
                # PostgreSQL that dies soon after would replay the move, and with it forget the database's slots.
                connection.execute("checkpoint")
        shift = Shift({system: city.desk(system) for system in TABLES}, seed, officers=officers)
        city.connect()
        # Only when all is heard: whoever was deleted before would be a birth that no register has heard of.
        city.wait_ready(seconds=_READY_SECONDS)
        for system, edits in _FIRST_EDITS.items():
            shift.work(system, edits)
        city.wait_ready(seconds=_READY_SECONDS)
        yield Yard(city, shift, random.Random(seed), longest, disk)
