"""Which process a pid means: pids are given out anew, a pid with its start time is not."""

from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STATE_FIELD = 0  #: of /proc/<pid>/stat, counted from what follows the command's closing parenthesis
_START_FIELD = 19


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, told from every other one, also after a reboot."""

    pid: int
    started: int  #: clock ticks from boot to the process's start
    boot: str

    def is_alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return identity_of(self.pid) == self


def identity_of(pid: int) -> Identity | None:
    """The process that has this pid now, or None when there is none (or only a zombie)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[_STATE_FIELD] in "ZX":
        return None
    return Identity(pid=pid, started=int(fields[_START_FIELD]), boot=_BOOT_ID.read_text(encoding="ascii").strip())
