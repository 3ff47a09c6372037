"""Offsets into a transaction: the answer, the error, and a call that never returns."""

import threading
from typing import Any, cast

import pytest
from confluent_kafka import Producer, TopicPartition

from schemas.offsets_in_transactions import OffsetsStuck, send_offsets

_OFFSETS = [TopicPartition("to.dich.person", 0, 7)]


class _Client:
    """What a producer does with them."""

    def __init__(self, does: Any) -> None:
        self._does = does
        self.sent: list[Any] = []

    def send_offsets_to_transaction(self, *told: Any) -> None:
        self.sent.append(told)
        self._does()


def _send(client: _Client, *, patience: float = 5) -> None:
    send_offsets(cast(Producer, client), _OFFSETS, "of the group", timeout=3, patience=patience)


def test_what_is_sent_and_answered() -> None:
    client = _Client(lambda: None)
    _send(client)
    assert client.sent == [(_OFFSETS, "of the group", 3)]


def test_an_error_is_raised_where_it_is_waited_for() -> None:
    def refuse() -> None:
        raise LookupError("no such group")

    with pytest.raises(LookupError, match="no such group"):
        _send(_Client(refuse))


def test_a_call_that_never_returns_is_left_behind() -> None:
    never = threading.Event()
    with pytest.raises(OffsetsStuck, match="no answer in 0 s"):
        _send(_Client(lambda: never.wait(60)), patience=0.05)
    never.set()
