"""Writes deliveries into one table: all at once, or, where the target refuses something, halved until it is found."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from psycopg import Connection

from connectors.lateness import sift
from connectors.sinks.postgres_target import arrivals
from connectors.sinks.postgres_target.blame import explain
from connectors.sinks.postgres_target.refusals import Refused, translated
from connectors.sinks.postgres_target.statements import CORRECT, UPSERT, Statements
from connectors.sinks.postgres_target.structure import table_to_write
from connectors.sinks.postgres_target.waves import waves
from connectors.values import Rejected, Write
from schemas.manifest import OWN, Subscription


class Writer:
    """One table of one connection, as its structure is when the writer is made. Works in the caller's transaction."""

    def __init__(self, connection: Connection[Any], subscription: Subscription) -> None:
        """Raises SinkUnavailable where the table cannot be written, psycopg.Error where that cannot be found out."""
        self._connection = connection
        self._arrivals = self._settled = arrivals.read(connection, subscription.into)
        self._table = table_to_write(connection, subscription)
        #: Of the system's own rows none is added or deleted, and their numbers are not changed.
        self._is_own = subscription.key.kind == OWN
        template = CORRECT if self._is_own else UPSERT
        self._statements = Statements(connection, self._table, [subscription.key.column], template)

    def write_together(self, items: Iterable[Write]) -> None:
        """Few statements. Raises Refused when any write is refused, or psycopg.Error; the caller rolls back."""
        self._statements.write(waves([write for _, write in self._sifted(items)]))

    def write_apart(self, items: Sequence[Write], reject: Callable[[Rejected], None]) -> None:
        """Whatever can be written; `reject` gets each of the others, before the next is tried."""
        # In order, left before right: what depends on an earlier write finds it done.
        kept = self._sifted(items)
        ahead = [(0, len(kept))]
        while ahead:
            first, end = ahead.pop()
            refused = self._tried([write for _, write in kept[first:end]])
            if refused is None:
                continue
            if end - first == 1:
                place, write = kept[first]
                reject(explain(self._connection, self._table, write, refused, place=place))
                continue
            middle = (first + end) // 2
            ahead += [(middle, end), (first, middle)]

    def committed(self) -> None:
        """The transaction of the last call has committed."""
        self._settled = self._arrivals

    def _sifted(self, items: Iterable[Write]) -> list[tuple[int, Write]]:
        kept, self._arrivals = sift(items, self._settled)
        arrivals.change(self._connection, self._table.name, before=self._settled, after=self._arrivals)
        return [(place, write) for place, write in kept if write.operation == "upsert"] if self._is_own else kept

    def _tried(self, items: Sequence[Write]) -> Refused | None:
        try:
            with translated(f"writing {self._table.name}"), self._connection.transaction():
                self._statements.write(waves(items))
        except Refused as refused:
            return refused
        return None
