"""The source `postgres`: changes of a PostgreSQL database by logical decoding, after a snapshot that fits it."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from connectors.contract import Memory
from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture import names, probe, publication, samples, session, slot
from connectors.sources.postgres_capture.capture import Capture, Token
from connectors.sources.postgres_capture.database import Database
from connectors.sources.postgres_capture.guard import Guard
from connectors.values import Changes, Finding
from schemas.manifest import Manifest
from schemas.records import Row
from schemas.settings import Settings

_SIZE: Final = re.compile(r"(\d+)(MB|GB|TB)")
_BYTES: Final = {"MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}


def _bytes(value: Any) -> Any:
    if value == 0:
        return 0
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a number and MB, GB or TB, e.g. 50GB; or 0 for no limit")
    return int(match[1]) * _BYTES[match[2]]


WalSize = Annotated[int, BeforeValidator(_bytes)]


class Connect(BaseModel):
    """`connect:` of a system whose kind is `postgres`."""

    model_config = ConfigDict(
        extra="ignore", validate_default=True
    )  # the sink of the same system may have settings of its own

    kind: Literal["postgres"]
    #: Connection string or URL, as libpq takes it. The role needs REPLICATION and SELECT on the published tables.
    dsn: str
    #: Name of the replication slot and of the publication: it must differ from those of all others on the server.
    #: `lienthong_<system>` where it is not given.
    slot: str | None = Field(default=None, pattern="^[a-z_][a-z0-9_]{0,62}$")
    #: WAL that the server may keep for the slot, e.g. `50GB`. Above it the slot is given up, and all is read anew as
    #: soon as Kafka can be written to: the disk of the system comes first. `0`: no limit but the one of the server.
    wal_limit: WalSize = "50GB"  # type: ignore[assignment]


def source(manifest: Manifest, settings: Settings) -> "PostgresSource":
    """The source of one system; its secrets are resolved."""
    return PostgresSource(manifest, Connect.model_validate(manifest.connect))


def forget(manifest: Manifest, settings: Settings) -> str:
    """Drop the slot and the publication of a system that publishes no more. Raises SourceUnavailable."""
    connect = Connect.model_validate(manifest.connect)
    name = connect.slot or names.of_system(manifest.system)
    with (
        session.connect(connect.dsn, manifest.system) as connection,
        session.unavailable(f"dropping slot {name} of {manifest.system}"),
    ):
        slot.take_over(connection, name)
        slot.drop(connection, name)
        publication.drop(connection, name)
    return f"slot and publication {name}"


class PostgresSource:
    """See `connectors.contract.Source`. The position is the slot's; the epoch is kept in Memory."""

    def __init__(self, manifest: Manifest, connect: Connect) -> None:
        self._manifest = manifest
        self._dsn = connect.dsn
        self._slot = connect.slot or names.of_system(manifest.system)
        self._wal_limit = connect.wal_limit
        self._guard: Guard | None = None
        self._capture: Capture | None = None
        self._confirmed: dict[int, int] = {}

    def open(self, memory: Memory) -> None:
        """See Source."""
        self.close()
        self._guard = Guard(self._dsn, self._manifest.system, self._slot, limit=self._wal_limit)
        self._guard.start()
        self._capture = Capture(self._dsn, self._manifest, memory, slot_name=self._slot)
        with session.unavailable(f"opening {self._manifest.system}"):
            self._capture.open(confirmed=self._confirmed)

    def read(self, timeout: float) -> Changes | None:
        """See Source."""
        with session.unavailable(f"reading {self._manifest.system}"):
            return self._opened().read(timeout)

    def confirm(self, token: object) -> None:
        """See Source."""
        assert isinstance(token, Token)  # noqa: S101 - tokens come from `read`
        capture = self._opened()
        with session.unavailable(f"confirming a position to {self._manifest.system}"):
            capture.confirm(token)
        self._confirmed = {capture.epoch: capture.confirmed}

    def probe(self) -> list[Finding]:
        """See Source."""
        try:
            connection = session.connect(self._dsn, self._manifest.system)
        except SourceUnavailable as error:
            remedy = "correct `connect: dsn` or what it refers to, and see that the server runs and lets us in"
            return [Finding("connection", str(error), remedy)]
        with connection, session.unavailable(f"probing {self._manifest.system}"):
            database = Database(connection, self._manifest)
            found = probe.findings(database, self._manifest, self._slot)
            return [Finding("connection", "", ""), *found]

    def sample(self, entity: str, limit: int) -> list[Row]:
        """See Source."""
        with (
            session.connect(self._dsn, self._manifest.system) as connection,
            session.unavailable(f"reading a sample of {self._manifest.system}"),
        ):
            return samples.rows(Database(connection, self._manifest), entity, limit)

    def close(self) -> None:
        """See Source."""
        if self._guard is not None:
            self._guard.stop()
            self._guard = None
        if self._capture is not None:
            self._capture.close()
            self._capture = None

    def _opened(self) -> Capture:
        if self._capture is None:
            raise SourceUnavailable(f"reading {self._manifest.system}: it is not open; open it first")
        return self._capture
