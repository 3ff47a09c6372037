"""Fetch one file, resumed and retried, checked against its sum, and put in place in one step."""

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import requests

from deploy.embedded.errors import DownloadError

_CHUNK = 1 << 18
_ROUNDS = 6
_TIMEOUT_SECONDS = (10, 30)


def sha256_of(path: Path) -> str:
    """The SHA-256 sum of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(
    addresses: Sequence[str], target: Path, *, sha256: str, on_bytes: Callable[[int], None], pause_seconds: float = 1.0
) -> None:
    """Fetch ``target`` from the first address that gives it; ``on_bytes`` gets each chunk's length.

    What an earlier attempt, also of another process, left in ``<target>.part`` is resumed. Raises DownloadError when no
    address gives the file or when what came has another sum than ``sha256``; nothing then stands at ``target``.
    """
    part = target.with_name(target.name + ".part")
    reason = "no address"
    for number in range(_ROUNDS):
        for address in addresses:
            was_resumed = part.exists()
            try:
                _append(address, part, on_bytes)
            except (requests.RequestException, OSError) as error:
                reason = f"{type(error).__name__}: {error}"
                continue
            found = sha256_of(part)
            if found == sha256:
                part.replace(target)
                return
            part.unlink()
            if not was_resumed:
                raise DownloadError(_wrong_sum(target.name, found=found, wanted=sha256))
        time.sleep(pause_seconds * number)
    raise DownloadError(_gave_up(target.name, reason))


def _append(address: str, part: Path, on_bytes: Callable[[int], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with requests.get(address, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            return  # all of it is there already: the sum decides
        answer.raise_for_status()
        resumed = answer.status_code == requests.codes.partial_content
        if resumed:
            on_bytes(have)
        with part.open("ab" if resumed else "wb") as file:
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk)
                on_bytes(len(chunk))


def _gave_up(name: str, reason: str) -> str:
    return (
        f"fetching {name}: gave up after {_ROUNDS} rounds ({reason}); check the network, the proxy settings and the "
        "mirror in jgo's configuration, then run the same command again: it resumes where it stopped"
    )


def _wrong_sum(name: str, *, found: str, wanted: str) -> str:
    return (
        f"checking {name}: its SHA-256 sum is {found}, not the pinned {wanted}; what came was thrown away. Run the "
        "same command again; if it stays so, a proxy or mirror changes the file: use another one"
    )
