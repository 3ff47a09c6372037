"""Keeps processes running: restarts what crashes, with back-off, and stops everything in reverse order."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from deploy.embedded import leftovers
from deploy.embedded.cache import Report
from deploy.embedded.errors import EmbeddedError, StartError
from deploy.embedded.identity import Identity, identity_of
from deploy.embedded.process import Command, Process
from deploy.embedded.waiting import log_end, wait_for_answer

_TICK_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_HEALTHY_SECONDS = 60.0  #: one that ran for so long starts its back-off anew
_LARGEST_LOG_BYTES = 20_000_000
_LIBRARY_CHATTER = re.compile(rb"%\d\|")  #: librdkafka's own lines stay in the log


class Restart(Enum):
    """What happens when a process ends by itself."""

    ALWAYS = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One process to keep. ``command`` is asked anew for each start, so that it may clear what a crash left."""

    name: str
    command: Callable[[], Command]
    restart: Restart = Restart.ALWAYS


class _Kept:
    """A process and the history of its crashes."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self.process: Process | None = None
        self.identity: Identity | None = None
        self.crashes = 0
        self.started_at = 0.0
        self.restart_at: float | None = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.exit_code() is None

    def pause_seconds(self) -> float:
        return min(_FIRST_PAUSE_SECONDS * 2.0 ** min(self.crashes, 16), _LONGEST_PAUSE_SECONDS)


class Supervisor:
    """Use it from the main thread: children get their stop signal when the thread that started them ends."""

    def __init__(self, *, logs: Path, noted_in: Path, report: Report) -> None:
        """``noted_in``: the file that tells a successor which processes ran."""
        self._logs, self._noted_in, self._report = logs, noted_in, report
        self._stages: list[list[_Kept]] = []

    def start(self, *specs: ProcessSpec) -> None:
        """Start these as one stage: they are stopped together, before everything that was started earlier."""
        stage: list[_Kept] = []
        self._stages.append(stage)
        for spec in specs:
            kept = _Kept(spec)
            stage.append(kept)
            self._launch(kept)

    def log_of(self, name: str) -> Path:
        """Where a process writes."""
        return self._logs / f"{name}.log"

    def wait_until(self, name: str, is_ready: Callable[[], bool], *, seconds: float = 60.0) -> None:
        """Return when the started process ``name`` answers. Raises StartError when it ends or stays silent."""
        kept = next(kept for kept in self._all() if kept.spec.name == name)
        log = self.log_of(name)
        wait_for_answer(name, is_ready=is_ready, is_alive=lambda: kept.is_running, log=log, seconds=seconds)

    def run_to_end(self, spec: ProcessSpec) -> None:
        """Run a process that ends by itself, passing on its lines; others are kept. Raises StartError if it fails."""
        log = self.log_of(spec.name)
        told = log.stat().st_size if log.exists() else 0
        self.start(replace(spec, restart=Restart.NEVER))
        (kept,) = self._stages[-1]
        while kept.is_running:
            time.sleep(_TICK_SECONDS / 4)
            told = self._pass_on(log, told)
            self.tick()
        self._pass_on(log, told)
        self._stages.pop()
        code = kept.process.exit_code() if kept.process else None
        if code != 0:
            raise StartError(f"running {spec.name}: it ended with {code}. {log_end(log)}")

    def keep(self) -> None:
        """Keep everything running until a signal handler raises."""
        while True:
            time.sleep(_TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """Look at each process once, and restart those whose time has come."""
        now = time.monotonic()
        for kept in self._all():
            if kept.is_running or kept.spec.restart is Restart.NEVER:
                continue
            if kept.restart_at is None:
                self._note_crash(kept, now)
            elif now >= kept.restart_at:
                self._try_launch(kept)

    def stop(self) -> None:
        """Stop all, the last started first; what does not end in its grace period is killed. Leaves no process."""
        for stage in reversed(self._stages):
            processes = [kept.process for kept in stage if kept.process]
            for process in processes:
                process.ask_to_stop()
            for kept in stage:
                if kept.process and not kept.process.finish():
                    self._report(f"{kept.spec.name} did not stop in time and was killed")
        if self._stages:  # otherwise the note still names what an earlier supervisor left
            self._noted_in.unlink(missing_ok=True)
        self._stages.clear()

    def kill(self) -> None:
        """SIGKILL for all, at once."""
        for kept in self._all():
            if kept.process is not None:
                kept.process.kill()

    def _all(self) -> list[_Kept]:
        return [kept for stage in self._stages for kept in stage]

    def _launch(self, kept: _Kept) -> None:
        log = self.log_of(kept.spec.name)
        if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        kept.process = Process(kept.spec.command(), log=log)
        kept.identity = identity_of(kept.process.pid)
        kept.started_at, kept.restart_at = time.monotonic(), None
        running = {each.spec.name: each.identity for each in self._all() if each.is_running and each.identity}
        leftovers.note(self._noted_in, running)

    def _try_launch(self, kept: _Kept) -> None:
        try:
            self._launch(kept)
        except (EmbeddedError, OSError) as error:
            kept.crashes += 1
            kept.restart_at = time.monotonic() + kept.pause_seconds()
            self._report(f"{kept.spec.name} cannot start ({error}); next attempt in {kept.pause_seconds():.1f} s")

    def _note_crash(self, kept: _Kept, now: float) -> None:
        if now - kept.started_at > _HEALTHY_SECONDS:
            kept.crashes = 0
        pause = kept.pause_seconds()
        kept.crashes += 1
        kept.restart_at = now + pause
        code = kept.process.exit_code() if kept.process else None
        log = self.log_of(kept.spec.name)
        self._report(f"{kept.spec.name} ended with {code}; started again in {pause:.1f} s; its log: {log}")

    def _pass_on(self, log: Path, told: int) -> int:
        if not log.exists():
            return told
        with log.open("rb") as file:
            file.seek(told)
            text = file.read()
        complete = text.rpartition(b"\n")[0]
        for line in complete.splitlines():
            if not _LIBRARY_CHATTER.match(line):
                self._report(line.decode(errors="replace"))
        return told + (len(complete) + 1 if complete else 0)
