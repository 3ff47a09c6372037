"""What answers mean."""

import time
from email.utils import formatdate

import pytest

from connectors.sinks.rest_target.answers import Answer, Done, Refused, Troubled, judged, retry_after


@pytest.mark.parametrize(("operation", "status"), [("upsert", 200), ("upsert", 412), ("delete", 404), ("rename", 410)])
def test_done(operation: str, status: int) -> None:
    assert judged(Answer(status, {}), operation, columns=(), newer=[412]) == Done()  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [100, 304, 401, 403, 404, 407, 412, 418, 421, 429, 499, 500, 599])
def test_what_is_not_known_to_be_about_the_record_is_trouble(status: int) -> None:
    verdict = judged(Answer(status, {}, 7.0), "upsert", columns=(), newer=[])
    assert isinstance(verdict, Troubled)
    assert (str(status) in verdict.message, verdict.wait) == (True, 7.0)


def test_a_refusal_keeps_names_only() -> None:
    told = {"reason": "value_too_long", "column": "ho_ten", "detail": "Nguyễn Văn An"}
    verdict = judged(Answer(422, told), "upsert", columns={"ho_ten"}, newer=[])
    assert verdict == Refused(
        "value_too_long", "the target answers 422, reason value_too_long, column ho_ten", "ho_ten"
    )
    told = {"reason": "Nguyễn Văn An", "column": "001090000001"}
    verdict = judged(Answer(422, told), "upsert", columns={"ho_ten"}, newer=[])
    assert verdict == Refused("refused", "the target answers 422, reason refused", None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, 0), ("", 0), ("7", 7), (" 7 ", 7), ("-7", 0), ("bald", 0), ("99999999999", 86400), (formatdate(0), 0)],
)
def test_retry_after(text: str | None, seconds: float) -> None:
    assert retry_after(text) == seconds


def test_retry_after_by_date() -> None:
    assert 55 < retry_after(formatdate(time.time() + 60, usegmt=True)) <= 60
