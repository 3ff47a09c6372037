"""CPU seconds and memory of process trees, and how much of the machine everybody else took meanwhile. From /proc."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_BUSY_KINDS: Final = 8


class Usage(NamedTuple):
    """CPU seconds and the sum of peak resident megabytes by name; `others`: their share of all cores, in percent."""

    cpu: dict[str, float]
    peak_mb: dict[str, int]
    others: float

    @property
    def cpu_total(self) -> float:
        """Seconds of all named trees."""
        return sum(self.cpu.values())


class Meter:
    """Counts from its making to `read`. `roots`: by name, the pids whose trees are summed."""

    def __init__(self, roots: Mapping[str, list[int]]) -> None:
        self._roots = roots
        self._before = {name: _seconds(pids) for name, pids in roots.items()}
        self._own, self._machine = _own_seconds(), machine_seconds()
        self.started = time.time()

    def read(self) -> Usage:
        """What was used since."""
        cpu = {name: round(_seconds(pids) - self._before[name], 2) for name, pids in self._roots.items()}
        busy, whole = (now - then for now, then in zip(machine_seconds(), self._machine, strict=True))
        strangers = max(0.0, busy - sum(cpu.values()) - (_own_seconds() - self._own))
        peak = {name: round(sum(_peak_mb(pid) for pid in _tree(pids))) for name, pids in self._roots.items()}
        return Usage(cpu, peak, round(100 * strangers / max(whole, 0.01), 1))


def _seconds(roots: list[int]) -> float:
    """Of whole trees, of children that have ended too."""
    total = 0.0
    for pid in _tree(roots):
        with suppress(OSError, IndexError):
            total += sum(int(text) for text in _stat(pid)[11:15]) / _TICKS
    return total


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()


def _tree(roots: list[int]) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            children.setdefault(int(_stat(int(folder.name))[1]), []).append(int(folder.name))
    left = list(roots)
    while left:
        pid = left.pop()
        left += children.get(pid, [])
        yield pid


def _peak_mb(pid: int) -> float:
    """The most that was resident, less what it now has in common with others: they all together have it once."""
    with suppress(OSError):
        peak = _kilobytes(pid, "status", "VmHWM")
        return (peak - _kilobytes(pid, "smaps_rollup", "Rss") + _kilobytes(pid, "smaps_rollup", "Pss")) / 1024
    return 0.0


def _kilobytes(pid: int, file: str, name: str) -> int:
    lines = Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


def _own_seconds() -> float:
    return sum(os.times()[:2])


def machine_seconds() -> tuple[float, float]:
    """Busy, of all cores together (stolen time counts as busy), and all there was."""
    with Path("/proc/stat").open(encoding="utf-8") as file:
        kinds = [int(text) / _TICKS for text in file.readline().split()[1 : _BUSY_KINDS + 1]]
    return sum(kinds) - kinds[3] - kinds[4], sum(kinds)
