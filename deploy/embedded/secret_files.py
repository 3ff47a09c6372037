"""The secrets that the city's processes read from files: kept over restarts, readable by their owner alone."""

import base64
import os
import secrets
from pathlib import Path

DEAD_LETTER_KEY = "dead_letter_key"
_KEY_BYTES = 32


def write_secret(path: Path, text: str) -> None:
    """Put ``text`` at ``path`` in one step, mode 0600."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def keep_dead_letter_key(directory: Path) -> None:
    """Make the key that dead letters are sealed with, unless there is one: a new one could not open the old letters."""
    path = directory / DEAD_LETTER_KEY
    if not path.exists():
        write_secret(path, base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode() + "\n")


def write_dsn(directory: Path, system: str, dsn: str) -> None:
    """Write how a system's database is reached, at each start: its port may have changed."""
    write_secret(directory / f"{system}_dsn", dsn + "\n")
