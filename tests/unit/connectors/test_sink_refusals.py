"""Which errors of PostgreSQL blame the data, and that none of them tells a value."""

import psycopg
import pytest
from psycopg import errors

from connectors.errors import SinkUnavailable
from connectors.sinks.postgres_target.refusals import Refused, translated
from connectors.sqlstates import reason_of


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("22001", "value_too_long"),
        ("22003", "out_of_range"),
        ("22P02", "bad_value"),
        ("22008", "bad_value"),
        ("22P05", "untranslatable_text"),
        ("23502", "not_null"),
        ("23503", "foreign_key"),
        ("23505", "unique_violation"),
        ("23514", "check_violation"),
        ("23P01", "exclusion_violation"),
        ("23000", "constraint_violation"),
        ("44000", "check_violation"),
        ("P0001", "refused_by_trigger"),
        ("54000", "value_too_long"),
    ],
)
def test_data_are_refused_for_a_stable_reason(state: str, reason: str) -> None:
    assert reason_of(state) == reason


@pytest.mark.parametrize(
    "state",
    [
        "08006",
        "25006",
        "25P03",
        "28P01",
        "3D000",
        "40001",
        "40P01",
        "42501",
        "42P01",
        "42703",
        "42P10",
        "53100",
        "53300",
        "54001",
        "55P03",
        "57014",
        "57P01",
        "58030",
        "XX000",
        "",
        None,
    ],
)
def test_trouble_that_passes_never_blames_the_data(state: str | None) -> None:
    assert reason_of(state) is None


def test_a_refusal_never_tells_what_was_refused() -> None:
    with pytest.raises(Refused) as raised, translated("writing"):
        raise errors.InvalidTextRepresentation('invalid input syntax for type integer: "bí mật"')
    assert (raised.value.reason, raised.value.state) == ("bad_value", "22P02")
    assert "bí mật" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_what_the_client_cannot_send_is_refused() -> None:
    with pytest.raises(Refused), translated("writing"):
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.UndefinedTable("relation does not exist"), "lienthong check"),
        (errors.ReadOnlySqlTransaction("cannot execute UPDATE"), "primary"),
        (errors.DiskFull("could not extend file"), "free disk space"),
        (errors.AdminShutdown("terminating connection"), "57P01"),
        (
            psycopg.OperationalError("server closed the connection\n\tunexpectedly"),
            "closed the connection unexpectedly",
        ),
    ],
    ids=lambda each: type(each).__name__,
)
def test_trouble_says_what_was_being_done_and_what_to_do(error: psycopg.Error, told: str) -> None:
    with pytest.raises(SinkUnavailable, match=r"^writing nhan_khau: ") as raised, translated("writing nhan_khau"):
        raise error
    assert told in str(raised.value)
