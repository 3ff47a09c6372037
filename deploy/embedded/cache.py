"""The local store of fetched files: one copy for all clones and data directories of a user."""

import fcntl
import os
import shutil
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded.artifacts import LOCK, Artifact, read_lock
from deploy.embedded.disk import ensure_room
from deploy.embedded.download import download, sha256_of

Report = Callable[[str], None]
_PROJECT = Path(__file__).resolve().parents[2]
_UNPACKED_PER_PACKED = 1.2
_REPORT_EVERY_SECONDS = 2.0


def cache_directory() -> Path:
    """``$LIENTHONG_CACHE``, else ``lienthong`` in ``$XDG_CACHE_HOME`` or ``~/.cache``, else the project's ``.cache``.

    The user's cache outlives a clone, so that 150 MB are fetched once; a user without a home gets the project's.
    """
    if own := os.environ.get("LIENTHONG_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    home = Path(base) if base else Path.home() / ".cache"
    try:
        (home / "lienthong").mkdir(parents=True, exist_ok=True)
    except OSError:
        return _PROJECT / ".cache"
    return home / "lienthong" if os.access(home / "lienthong", os.W_OK) else _PROJECT / ".cache"


class Cancelled(Exception):  # noqa: N818 - reads as what happened
    """Ctrl-C came while files were fetched: the threads that fetch them end too."""


class Progress:
    """Counts bytes over several threads and reports every few seconds."""

    def __init__(self, title: str, *, total: int, report: Report) -> None:
        self._title, self._total, self._report = title, total, report
        self._done, self._told = 0, time.monotonic()
        self._is_cancelled = False
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Whoever adds from now on is told to give up."""
        with self._lock:
            self._is_cancelled = True

    def add(self, count: int) -> None:
        """``count`` more bytes have come. Raises Cancelled after ``cancel``."""
        with self._lock:
            if self._is_cancelled:
                raise Cancelled
            self._done += count
            if time.monotonic() - self._told < _REPORT_EVERY_SECONDS:
                return
            self._told = time.monotonic()
            self._report(f"{self._title}: {self._done / 1e6:.0f} of {self._total / 1e6:.0f} MB")


def jars(part: str, *, cache: Path, report: Report, lock: Path = LOCK) -> list[Path]:
    """The files of one part, each with the sum that the lock names; fetched if they are missing or damaged."""
    artifacts = read_lock(part, lock=lock)
    directory = cache / "files"
    directory.mkdir(parents=True, exist_ok=True)
    with exclusive(cache / "files.lock"):
        missing = [artifact for artifact in artifacts if not _is_intact(directory / artifact.filename, artifact)]
        if missing:
            _fetch(missing, directory, title=f"fetching {part}", report=report)
    return [directory / artifact.filename for artifact in artifacts]


def unpacked(part: str, *, cache: Path, report: Report, lock: Path = LOCK) -> Path:
    """The directory into which the one archive of a part is unpacked; named by its sum and complete if it exists."""
    (archive,) = read_lock(part, lock=lock)
    directory = cache / f"{archive.name}-{archive.version}-{archive.sha256[:12]}"
    if directory.exists():
        return directory
    (packed,) = jars(part, cache=cache, report=report, lock=lock)
    with exclusive(cache / "unpack.lock"):
        if not directory.exists():
            report(f"unpacking {part}")
            ensure_room(cache, needed=int(archive.size * _UNPACKED_PER_PACKED), what=f"unpacking {part}")
            _unpack(packed, directory)
    packed.unlink(missing_ok=True)
    return directory


def _is_intact(path: Path, artifact: Artifact) -> bool:
    return path.exists() and path.stat().st_size == artifact.size and sha256_of(path) == artifact.sha256


def _fetch(missing: list[Artifact], directory: Path, *, title: str, report: Report) -> None:
    from deploy.embedded.repository import addresses  # noqa: PLC0415 - jgo takes 0.3 s to import and is rarely needed

    total = sum(artifact.size for artifact in missing)
    ensure_room(directory, needed=total, what=title)
    report(f"{title}: {len(missing)} files, {total / 1e6:.0f} MB")
    progress = Progress(title, total=total, report=report)

    def fetch(artifact: Artifact) -> None:
        target = directory / artifact.filename
        download(addresses(artifact), target, sha256=artifact.sha256, on_bytes=progress.add)

    with ThreadPoolExecutor(max_workers=4) as pool:
        try:
            list(pool.map(fetch, sorted(missing, key=lambda artifact: -artifact.size)))
        except BaseException:
            progress.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _unpack(packed: Path, directory: Path) -> None:
    fresh = directory.with_name(directory.name + ".part")
    shutil.rmtree(fresh, ignore_errors=True)
    with tarfile.open(packed) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(fresh, filter="data")
        else:  # Python 3.11.3 and older; the archive's sum is pinned
            archive.extractall(fresh)  # noqa: S202
    fresh.rename(directory)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """No other process is in a block with this file until the end of this one."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
