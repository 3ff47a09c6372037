"""Where a process finds things: from its environment, unless it is told otherwise."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.settings import Settings


def test_the_environment_counts_where_nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_KAFKA", "there:9092")
    monkeypatch.setenv("LIENTHONG_METRICS_PORT", "8000")
    monkeypatch.setenv("LIENTHONG_CLIENTS", "/etc/clients")
    found = Settings(data="/var/lib", metrics_port=0)
    assert (found.kafka, found.clients, found.data, found.metrics_port) == (
        "there:9092",
        Path("/etc/clients"),
        Path("/var/lib"),
        0,
    )
    assert found.worker == "w1"


def test_a_value_that_cannot_be_meant_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_PARTITIONS", "many")
    with pytest.raises(ValidationError, match="partitions"):
        Settings()
