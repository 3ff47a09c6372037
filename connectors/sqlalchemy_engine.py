"""Databases by way of SQLAlchemy, as sources and sinks reach them; what went wrong is told without any value."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from connectors.errors import ConnectorsError

_ADVICE: Final = (
    "it is no URL, and is not shown, for it may hold a password; write dialect+driver://user:password@host:port/name, "
    "special characters of the password in percent form (@ is %40, / is %2F)"
)
#: Whose drivers take `connect_timeout`, in seconds.
_WAITING: Final = frozenset({"postgresql", "mysql", "mariadb"})
_CONNECT_SECONDS: Final = 10
#: So that nobody waits without end for an answer on a network that is gone, by the drivers that can be told.
_LIBPQ: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_MYSQL: Final = {"read_timeout": 900, "write_timeout": 900}  # longer than any statement may take
_NETWORK: Final = {"psycopg": _LIBPQ, "psycopg2": _LIBPQ, "pymysql": _MYSQL, "mysqldb": _MYSQL}
_LONGEST_MESSAGE: Final = 300


def engine(url: str, system: str, *, isolation_level: Any = None) -> sa.Engine:
    """Without a pool. Its own errors hold no parameters.

    Raises ConnectorsError where the driver is not there, and ArgumentError, without a word of it, for what is no URL.
    """
    try:
        address = _address(url)
        return sa.create_engine(
            address,
            poolclass=sa.NullPool,
            hide_parameters=True,
            connect_args=bounds(address),
            **({"isolation_level": isolation_level} if isolation_level else {}),
        )
    except ImportError as error:
        raise ConnectorsError(
            f"connecting to {system}: the driver is not here ({error}); install it, or name another in `connect: url`"
        ) from None


def bounds(address: sa.URL) -> dict[str, int]:
    """How long its driver may wait for the network; what the address says itself stands."""
    own: dict[str, int] = {"connect_timeout": _CONNECT_SECONDS} if address.get_backend_name() in _WAITING else {}
    own |= _NETWORK.get(address.get_driver_name(), {})
    return {name: value for name, value in own.items() if name not in address.query}


def _address(url: str) -> sa.URL:
    """A driver would repeat what it does not understand, passwords too."""
    try:
        address = sa.make_url(url)
    except (SQLAlchemyError, ValueError):
        raise ArgumentError(_ADVICE) from None
    if any(sign in f"{address.host or ''}{address.database or ''}" for sign in "@ ") and address.host:
        raise ArgumentError(_ADVICE)
    return address


def said(error: SQLAlchemyError) -> str:
    """What the server or the driver said, in one line."""
    original: Any = getattr(error, "orig", None) or error
    message = getattr(getattr(original, "diag", None), "message_primary", None) or str(original)
    lines = message.strip().splitlines()
    return lines[0][:_LONGEST_MESSAGE] if lines else type(original).__name__
