"""The whole suite for the sink `csv` in its other mode."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.kit import sink_suite
from tests.contract.sinks import csv


@contextmanager
def _target(request: pytest.FixtureRequest) -> Iterator[csv.Target]:
    with csv.target(request) as made:
        yield csv.Target(made.folder, "snapshot")


Test_csv_snapshot = sink_suite(_target)
