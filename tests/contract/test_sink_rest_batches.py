"""The whole suite for the sink `rest` where it sends several deliveries together."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.kit import repeating_sink_suite
from tests.contract.sinks import rest


@contextmanager
def _target(request: pytest.FixtureRequest) -> Iterator[rest.Target]:
    with rest.target(request) as made:
        made.more = {"batch": {"send": "POST /{into}/batch", "most": 50}}
        yield made


Test_rest_batches = repeating_sink_suite(_target)
