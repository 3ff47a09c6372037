"""Where a partition begins and ends, also while it moves."""

from typing import Any, cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.topic_edges import topic_edges

_MOVING = KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION))
_REFUSED = KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))


class _Answers:
    def __init__(self, *answers: Any) -> None:
        self.left = list(answers)

    def get_watermark_offsets(self, _place: TopicPartition, *, timeout: float) -> tuple[int, int]:
        answer = self.left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return cast(tuple[int, int], answer)


def _asked(answers: _Answers, *, seconds: float) -> tuple[int, int]:
    return topic_edges(cast(Consumer, answers), "raw.ho_tich", 0, seconds=seconds)


def test_a_partition_whose_leader_moves_is_asked_again() -> None:
    assert _asked(_Answers(_MOVING, _MOVING, (3, 9)), seconds=30) == (3, 9)


@pytest.mark.parametrize(("trouble", "seconds"), [(_MOVING, 0), (_REFUSED, 30)])
def test_what_does_not_pass_is_raised_and_asked_no_more(trouble: KafkaException, seconds: float) -> None:
    answers = _Answers(trouble, (3, 9))
    with pytest.raises(KafkaException) as raised:
        _asked(answers, seconds=seconds)
    assert raised.value is trouble
    assert answers.left == [(3, 9)]
