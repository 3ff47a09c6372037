"""The DSN of a PostgreSQL, looked at before the driver is: what that does not understand it repeats, passwords too."""

from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

_ADVICE: Final = (
    "it is no DSN, and is not shown, for it may hold a password; write postgresql://user:password@host:port/dbname, "
    "special characters of the password in percent form (@ is %40, / is %2F)"
)


def sound(dsn: str) -> str:
    """The same. Raises psycopg.ProgrammingError, without a word of it, where a part may stand in a wrong place."""
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise psycopg.ProgrammingError(_ADVICE) from None
    places = f"{given.get('host') or ''}{given.get('dbname') or ''}"
    ports = str(given.get("port") or "").split(",")
    if any(sign in places for sign in "@ ") or not all(port.isdigit() or not port for port in ports):
        raise psycopg.ProgrammingError(_ADVICE)
    return dsn
