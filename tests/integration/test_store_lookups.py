"""What a trace asks the store: answered right, and from a few rows, however many are kept."""

from collections.abc import Callable, Iterator

import pytest

from console.store.database import prepare
from console.store.inserting import copy_ranges, insert_captures
from console.store.sorting import sort
from console.tracing.lookups import Lookups
from schemas.records import Outcome
from tests.integration.shared_servers import SharedPostgres
from tests.integration.store_yard import RAW, processed
from tests.unit.console.city import outcome

#: Kept of each; far more than a lookup may read.
KEPT = 5_000
_FEW = 450


@pytest.fixture
def read(postgres: SharedPostgres) -> Iterator[Callable[[Callable[[Lookups], object]], tuple[object, int]]]:
    """Asks a store with `KEPT` captures and ranges of one record each; the answer, and the rows that were read."""
    with prepare(postgres.dsn(postgres.create_database())) as connection:
        insert_captures(connection, sort(map(_captured, range(KEPT))))
        copy_ranges(connection, [processed(2 * n, 2 * n, time=n, process=f"w{n}") for n in range(KEPT)])
        connection.execute("ANALYZE")
        query = "SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int FROM pg_stat_xact_user_tables"

        def ask(question: Callable[[Lookups], object]) -> tuple[object, int]:
            with connection.transaction():
                answer = question(Lookups(connection))
                [[rows]] = connection.execute(query).fetchall()
            return answer, rows

        yield ask


def _captured(number: int) -> Outcome:
    """Of every third position one change, as at a trickle."""
    at = {"first": 3 * number, "last": 3 * number, "epoch": 1, "event_id": f"ho_tich/t/1/{3 * number:x}/1"}
    return outcome("captured", "ho_tich", "", **at, time=number, process=f"source {number}")


@pytest.mark.parametrize(
    ("commit", "known"),
    [(3 * 4_321, 4_321), (3 * 4_321 + 1, None), (10**9, None)],
    ids=["known", "between two that are known", "not told yet"],
)
def test_a_capture_is_found_or_missed_at_once(
    read: Callable[[Callable[[Lookups], object]], tuple[object, int]], commit: int, known: int | None
) -> None:
    found, rows = read(lambda lookups: lookups.captured(f"ho_tich/t/1/{commit:x}/7", "person"))
    assert found == (None if known is None else (known, f"source {known}"))
    assert rows < _FEW


@pytest.mark.parametrize(
    ("offset", "known"), [(8_642, 4_321), (8_643, None), (10**9, None)], ids=["known", "lost", "not told yet"]
)
def test_an_end_is_found_or_missed_at_once(
    read: Callable[[Callable[[Lookups], object]], tuple[object, int]], offset: int, known: int | None
) -> None:
    found, rows = read(lambda lookups: lookups.end((RAW, 0), offset))
    assert found == (None if known is None else ("processed", known, f"w{known}", "", ""))
    assert rows < _FEW
