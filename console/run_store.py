"""Keeps the account of every record: `python -m console.run_store`, until SIGTERM.

Feeds the operator's PostgreSQL from Kafka. It can be lost and started at any time: nothing waits for it, and it goes on
where it was. One process a store. Exit codes: 0 after SIGTERM; 2 a mistake in the set-up.
"""

import signal
import sys
import time
from threading import Event
from typing import Final

import psycopg
import structlog

from console import store_metrics as metrics
from console.errors import ConsoleError
from console.reading import Place, Reader
from console.store.balance import Account, accounts, balances
from console.store.database import prepare, store_dsn
from console.store.feed import Feed
from console.store.overtaken import settle
from console.store.retention import CHUNK, remove_old
from schemas import logs
from schemas.probes import Troubles, serve
from schemas.registry import RegistryRefused, RegistryUnavailable
from schemas.secret_references import SecretMissing
from schemas.settings import Settings

_STEP_SECONDS: Final = 0.5
_WEIGH_SECONDS: Final = 5.0
_REMOVE_SECONDS: Final = 60.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
_PASSES: Final = (ConsoleError, RegistryUnavailable, RegistryRefused, psycopg.Error)

_log = structlog.get_logger(__name__)


class StoreProcess:
    """Feeds, weighs and removes, until `stopping` is set."""

    def __init__(self, settings: Settings, stopping: Event) -> None:
        self._settings = settings
        self._dsn = store_dsn(settings)
        self._stopping = stopping
        self._troubles = 0
        self._is_fed = False
        #: By how much partitions were out of balance when last looked at: what is on its way comes to rest meanwhile.
        self._doubted: dict[Place, int] = {}

    def troubles(self) -> Troubles:
        """Why the store is not fed; from any thread."""
        waits = "" if self._is_fed else "Kafka, the registry or the store does not answer yet: see the log"
        return {"store": "it is stopping" if self._stopping.is_set() else waits}

    def run(self) -> None:
        """Trouble with Kafka, the registry or the store is waited out."""
        while not self._stopping.is_set():
            try:
                self._feed()
            except _PASSES as error:
                metrics.UP.set(0)
                self._is_fed = False
                metrics.RETRIES.inc()
                self._troubles += 1
                seconds = min(_LONGEST_PAUSE_SECONDS, 0.25 * 2 ** min(self._troubles, 8))
                _log.warning("trying again", problem=str(error), seconds=seconds)
                self._stopping.wait(seconds)

    def _feed(self) -> None:
        with prepare(self._dsn) as connection:
            feed = Feed(self._settings, connection)
            try:
                _log.info("feeding the store")
                weigh_at = remove_at = 0.0
                while not self._stopping.is_set():
                    feed.step(_STEP_SECONDS)
                    metrics.UP.set(1)
                    self._is_fed = True
                    self._troubles = 0
                    now = time.monotonic()
                    if now > weigh_at:
                        weigh_at = now + _WEIGH_SECONDS
                        self._weigh(accounts(connection))
                    if now > remove_at:
                        removed = remove_old(connection, now=time.time_ns() // 1000)
                        remove_at = now + (0 if CHUNK in removed.values() else _REMOVE_SECONDS)
                        for table, rows in removed.items():
                            metrics.REMOVED.labels(table).inc(rows)
            finally:
                feed.close()

    def _weigh(self, found: list[Account]) -> None:
        for gauge in (metrics.IMBALANCE, metrics.IN_FLIGHT):
            gauge.clear()  # of systems that have left
        for leg, balance in balances(found).items():
            metrics.IMBALANCE.labels(*leg).set(balance.imbalance)
            metrics.IN_FLIGHT.labels(*leg).set(balance.in_flight)
        still = [account for account in found if account.imbalance == self._doubted.get(account.place)]
        self._doubted = {account.place: account.imbalance for account in found if account.imbalance}
        if still:
            with Reader(self._settings) as reader, prepare(self._dsn) as connection:
                for account in still:
                    settle(connection, reader, account)


def main() -> int:
    """The exit code."""
    settings = Settings()
    logs.configure("store", level=settings.log_level)
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        process = StoreProcess(settings, stopping)
    except SecretMissing as error:
        _log.error("cannot start", problem=str(error))
        return 2
    serve(settings, troubles=process.troubles)
    process.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
