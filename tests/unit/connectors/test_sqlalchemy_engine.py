"""No driver waits without end on a network that is gone."""

from typing import Any

import pytest
import sqlalchemy as sa

from connectors.sqlalchemy_engine import bounds, engine


class _SeenError(Exception):
    """Instead of a connection."""


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_postgresql_is_given_up_when_it_acknowledges_nothing(driver: str) -> None:
    found = bounds(sa.make_url(f"postgresql+{driver}://nobody@localhost/x"))
    assert found["connect_timeout"] == 10
    assert found["tcp_user_timeout"] == 30_000
    assert found["keepalives_idle"] + found["keepalives_interval"] * found["keepalives_count"] <= 60


@pytest.mark.parametrize("driver", ["pymysql", "mysqldb"])
def test_mysql_is_given_up_when_it_says_nothing_for_longer_than_a_statement_may_take(driver: str) -> None:
    found = bounds(sa.make_url(f"mysql+{driver}://nobody@localhost/x"))
    assert found == {"connect_timeout": 10, "read_timeout": 900, "write_timeout": 900}


def test_what_the_address_says_stands_and_the_driver_is_given_the_rest() -> None:
    made = engine("postgresql+psycopg://nobody@localhost/x?tcp_user_timeout=5", "dkkd")
    told: dict[str, Any] = {}

    @sa.event.listens_for(made, "do_connect")
    def _connect(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        told.update(parameters)
        raise _SeenError

    with pytest.raises(_SeenError):
        made.connect()
    assert (told["tcp_user_timeout"], told["connect_timeout"], told["keepalives_count"]) == ("5", 10, 3)


def test_a_file_needs_none() -> None:
    assert bounds(sa.make_url("sqlite:///x")) == {}
