"""Which process a pid means: pids are given out anew, a pid with its start time is not."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_START_FIELD = 19  #: of /proc/<pid>/stat, counted after the command's closing parenthesis
_STATE_FIELD = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, told from every other one, also after a reboot."""

    pid: int
    started: int  #: clock ticks from boot to the process's start
    boot: str

    def is_alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return identity_of(self.pid) == self

    def dump(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> "Identity | None":
        """The inverse of ``dump``; None when the text is damaged, as a half-written file is."""
        try:
            found = json.loads(text)
            return cls(pid=int(found["pid"]), started=int(found["started"]), boot=str(found["boot"]))
        except (ValueError, KeyError, TypeError):
            return None


def identity_of(pid: int) -> Identity | None:
    """The process that has this pid now, or None when there is none (or only a zombie)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[_STATE_FIELD] in "ZX":
        return None
    return Identity(pid=pid, started=int(fields[_START_FIELD]), boot=_BOOT_ID.read_text().strip())
