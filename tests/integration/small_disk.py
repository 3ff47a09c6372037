"""A disk of its own that is full when a test says so. It is really full: what writes there meets ENOSPC."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from deploy.embedded.postgres import Postgres

_BALLAST = 1 << 20


class SmallDisk:
    """A file system of `size` bytes in memory, mounted at `folder`."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._size = size
        self._ballast = folder / ".ballast"

    def mount(self) -> bool:
        """False where this machine does not allow it: it takes root's rights."""
        self.folder.mkdir(parents=True, exist_ok=True)
        argv = ["mount", "-t", "tmpfs", "-o", f"size={self._size},mode=0755", "lienthong-test", str(self.folder)]
        return os.geteuid() == 0 and subprocess.run(argv, check=False, capture_output=True).returncode == 0

    def unmount(self) -> None:
        """At once, whoever still has a file open there."""
        argv = ["umount", "--lazy", str(self.folder)]
        subprocess.run(argv, check=True)

    def take_tables(self, server: Postgres) -> None:
        """As the tablespace `small` of the server, which runs."""
        runs_as = Path(f"/proc/{server.pid}").stat()
        os.chown(self.folder, runs_as.st_uid, runs_as.st_gid)
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{self.folder}'".encode())

    @contextmanager
    def full(self) -> Iterator[None]:
        """While inside, not one page more can be written; the room is there again afterwards."""
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                _fill(ballast.fileno())
                yield
            finally:
                self._ballast.unlink()


def _fill(descriptor: int) -> None:
    piece = _BALLAST
    while piece:
        try:
            os.write(descriptor, bytes(piece))
        except OSError:
            piece //= 2


@contextmanager
def small_disk(folder: Path, *, size: int) -> Iterator[SmallDisk | None]:
    """Mounted, and gone at the end; None where it cannot be."""
    disk = SmallDisk(folder, size)
    if not disk.mount():
        yield None
        return
    try:
        yield disk
    finally:
        disk.unmount()
