"""PostgreSQL's own logical replication: the limit, for it copies rows and does nothing else."""

from typing import Final

from psycopg import sql

from deploy.embedded.postgres import Postgres
from tests.bench.load.pair import connect
from tests.bench.load.tables import COPY, SOURCE

_SLOT: Final = "bench_native"


class Native:
    """Publication and subscription, both by the server itself."""

    name = "native"
    source, target = SOURCE, COPY

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def start(self) -> None:
        """See Carrier. There is nothing to start."""

    def register(self) -> None:
        """See Carrier. Within one server the slot has to be made by hand, else the subscription waits for itself."""
        with connect(self._postgres.dsn("nguon")) as source:
            source.execute("create publication bench_native for table public.cong_dan")
            source.execute("select pg_create_logical_replication_slot(%s, 'pgoutput')", [_SLOT])
        with connect(self._postgres.dsn("dich")) as target:
            target.execute(
                sql.SQL(
                    "create subscription bench_native connection {} publication bench_native"
                    " with (create_slot = false, slot_name = {})"
                ).format(sql.Literal(self._postgres.dsn("nguon")), sql.Literal(_SLOT))
            )

    def pause(self) -> None:
        """See Carrier."""
        self._alter("disable")

    def resume(self) -> None:
        """See Carrier."""
        self._alter("enable")

    def remove(self) -> None:
        """See Carrier."""
        with connect(self._postgres.dsn("dich")) as target:
            target.execute("drop subscription bench_native")
        with connect(self._postgres.dsn("nguon")) as source:
            source.execute("drop publication bench_native")

    def stop(self) -> None:
        """See Carrier."""

    def pids(self) -> dict[str, list[int]]:
        """See Carrier. All of it is PostgreSQL, which is counted for everybody."""
        return {}

    def _alter(self, what: str) -> None:
        with connect(self._postgres.dsn("dich")) as target:
            target.execute(f"alter subscription bench_native {what}")
