"""How deliveries look as requests."""

import pytest
from pydantic import ValidationError

from connectors.kit.sink_feed import STREAM, upsert
from connectors.sinks.rest_target.protocol import Template, request_of
from connectors.sinks.rest_target.settings import Connect


@pytest.mark.parametrize(
    ("key", "segment"),
    [("citizen_id:001", "citizen_id%3A001"), ("a/../b", "a%2F..%2Fb"), ("..", "%2E%2E"), ("Đ ?#", "%C4%90%20%3F%23")],
)
def test_a_key_stays_in_its_segment(key: str, segment: str) -> None:
    template = Template.read("PUT /v1/{into}/{key}")
    request = request_of(upsert(key), STREAM, template, into="nguoi/song", version_header="X-Version")
    assert request.path == f"/v1/nguoi/song/{segment}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"upsert": "/{into}/{key}"},
        {"upsert": "put /{key}"},
        {"upsert": "PUT {key}"},
        {"upsert": "PUT /{row}"},
        {"url": "ftp://x"},
        {"url": "http://x/?a=b"},
        {"batch": {"send": "POST /x", "most": 0}},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Connect.model_validate({"kind": "rest", "url": "http://x/api"} | wrong)
