"""The source `sql_poll`: a database that SQLAlchemy reaches, polled by a cursor column; deletions by sweeping the keys.

Positions: `epoch` is one more with each snapshot; `commit` = generation << 32 | round, so that a later start and a
later round always compare greater; `ordinal` is the place within the round, or within the snapshot. A round's events
are written down on this machine before they are handed out: what Kafka has not acknowledged comes again as it was.
"""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import Memory
from connectors.errors import ConnectorsError, SourceUnavailable
from connectors.sources.sql_polling import probe, queries, session
from connectors.sources.sql_polling.capture import Capture, Times, Token
from connectors.sources.sql_polling.tables import examine
from connectors.sqlalchemy_engine import said
from connectors.values import Changes, Finding
from schemas.manifest import Manifest
from schemas.records import Row
from schemas.settings import Settings

_DURATION: Final = re.compile(r"(\d+)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _seconds(value: Any) -> Any:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a number and ms, s, m, h or d, e.g. 30s")
    return int(match[1]) * _SECONDS[match[2]]


Duration = Annotated[float, BeforeValidator(_seconds)]


class Connect(BaseModel):
    """`connect:` of a system whose kind is `sql_poll`. Durations as `2s`, `500ms`, `10m`."""

    model_config = ConfigDict(extra="ignore", validate_default=True)  # a sink of the same system has its own settings

    kind: Literal["sql_poll"]
    #: As SQLAlchemy takes it, e.g. postgresql+psycopg://… The role needs SELECT on the published tables.
    url: str
    #: By published table, the column that every change of a row sets anew and that only grows: updated_at, a version.
    cursors: dict[str, str] = Field(min_length=1)
    #: Pause between rounds.
    every: Duration = "2s"  # type: ignore[assignment]
    #: The longest time from when a change takes its cursor until it is committed.
    lateness: Duration = "30s"  # type: ignore[assignment]
    #: Pause between sweeps: the longest time until a deletion is seen, and a change that came later than `lateness`.
    sweep: Duration = "10m"  # type: ignore[assignment]


def source(manifest: Manifest, settings: Settings) -> "SqlPollSource":
    """The source of one system; its secrets are resolved. Raises ConnectorsError where a table has no cursor."""
    connect = Connect.model_validate(manifest.connect)
    lacking = [resource for resource in manifest.resources() if resource not in connect.cursors]
    if lacking:
        raise ConnectorsError(
            f"making the source of {manifest.system}: no cursor for {', '.join(lacking)}; name the column that every "
            f"change of a row sets anew: `connect: cursors: {{{lacking[0]}: updated_at}}`"
        )
    return SqlPollSource(manifest, connect, settings)


def forget(manifest: Manifest, settings: Settings) -> str:
    """Remove the journal on this machine of a system that publishes no more; it may be of another machine."""
    path = settings.data / "sources" / f"{manifest.system}.sqlite"
    for kept in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        kept.unlink(missing_ok=True)
    return f"journal {path}"


class SqlPollSource:
    """See `connectors.contract.Source`. What it knows of the rows is kept in `<data>/sources/<system>.sqlite`."""

    def __init__(self, manifest: Manifest, connect: Connect, settings: Settings) -> None:
        self._manifest = manifest
        self._connect = connect
        self._path = settings.data / "sources" / f"{manifest.system}.sqlite"
        self._capture: Capture | None = None

    def open(self, memory: Memory) -> None:
        """See Source."""
        self.close()
        connect = self._connect
        times = Times(connect.every, connect.lateness, connect.sweep)
        self._capture = Capture(connect.url, self._manifest, memory, cursors=connect.cursors, times=times)
        with session.unavailable(f"opening {self._manifest.system}"):
            self._capture.open(self._path)

    def read(self, timeout: float) -> Changes | None:
        """See Source."""
        with session.unavailable(f"reading {self._manifest.system}"):
            return self._opened().read(timeout)

    def confirm(self, token: object) -> None:
        """See Source."""
        assert isinstance(token, Token)  # noqa: S101 - tokens come from `read`
        self._opened().confirm(token)

    def probe(self) -> list[Finding]:
        """See Source."""
        try:
            with session.connect(self._connect.url, self._manifest.system) as connection:
                found = probe.findings(connection, self._manifest, self._connect.cursors)
        except (SourceUnavailable, SQLAlchemyError) as error:
            told = said(error) if isinstance(error, SQLAlchemyError) else str(error)
            remedy = "correct `connect: url` or what it refers to, and see that the server runs and lets us in"
            return [Finding("connection", told, remedy)]
        return [Finding("connection", "", ""), *found]

    def sample(self, entity: str, limit: int) -> list[Row]:
        """See Source."""
        rows: list[Row] = []
        with (
            session.connect(self._connect.url, self._manifest.system) as connection,
            session.unavailable(f"reading a sample of {self._manifest.system}"),
        ):
            for table in examine(connection, self._manifest, self._connect.cursors)[0]:
                if entity in table.entities and len(rows) < limit:
                    rows += [found.row for found in queries.some_rows(connection, table, limit - len(rows))]
        return rows

    def close(self) -> None:
        """See Source."""
        if self._capture is not None:
            self._capture.close()
            self._capture = None

    def _opened(self) -> Capture:
        if self._capture is None:
            raise SourceUnavailable(f"reading {self._manifest.system}: it is not open; open it first")
        return self._capture
