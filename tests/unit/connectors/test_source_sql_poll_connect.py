"""`connect:` of a polled system."""

import pytest
from pydantic import ValidationError

from connectors.errors import SourceUnavailable
from connectors.sources.sql_poll import Connect
from connectors.sources.sql_polling.session import connect

_LEAST = {"kind": "sql_poll", "url": "sqlite://", "cursors": {"dn": "ban"}}


def test_times_have_units() -> None:
    given = Connect.model_validate({**_LEAST, "every": "500ms", "lateness": "1m", "sweep": "2h", "of_a_sink": 1})
    assert (given.every, given.lateness, given.sweep) == (0.5, 60.0, 7200.0)


def test_times_when_nothing_is_said() -> None:
    given = Connect.model_validate(_LEAST)
    assert (given.every, given.lateness, given.sweep) == (2.0, 30.0, 600.0)


@pytest.mark.parametrize("wrong", [{"every": 5}, {"lateness": "soon"}, {"cursors": {}}, {"url": None}])
def test_mistakes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Connect.model_validate({**_LEAST, **wrong})


def test_a_url_that_is_none_is_not_repeated() -> None:
    with pytest.raises(SourceUnavailable) as caught:
        connect("bimat", "dkkd")
    assert "bimat" not in str(caught.value)
