"""The watchdog acts on silence, and on nothing else."""

import subprocess
import sys
import threading
from typing import Any

from streams.engine.watchdog import Watchdog


class Ends:
    """Collects what the watchdog would end the process for."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.stacks: list[str] = []
        self.first = threading.Event()

    def __call__(self, reason: str, **facts: Any) -> None:
        self.reasons.append(reason)
        self.stacks.append(facts["stacks"])
        self.first.set()


def test_a_silent_part_ends_the_process_with_all_stacks() -> None:
    ends = Ends()
    watchdog = Watchdog(0.3, end=ends)
    watchdog.start()
    watchdog.report("the stuck part")
    assert ends.first.wait(5)
    watchdog.stop()
    assert ends.reasons[0].startswith("the stuck part made no progress")
    assert "test_a_silent_part_ends_the_process_with_all_stacks" in ends.stacks[0]


def test_a_part_may_promise_to_report_sooner_than_others() -> None:
    ends = Ends()
    watchdog = Watchdog(2, end=ends)
    watchdog.start()
    watchdog.report("slow")
    watchdog.report("quick", within=0.1)
    assert ends.first.wait(1.5)
    watchdog.stop()
    assert [reason.split(" ")[0] for reason in ends.reasons] == ["quick"]


def test_parts_that_report_or_rest_are_left_alone() -> None:
    ends = Ends()
    watchdog = Watchdog(0.3, end=ends)
    watchdog.start()
    watchdog.report("resting")
    watchdog.rest("resting")
    watchdog.rest("never heard of")
    for _ in range(20):
        watchdog.report("busy")
        assert not ends.first.wait(0.05)
    watchdog.stop()
    assert ends.reasons == []


_HOLDS_THE_INTERPRETER = """
import ctypes
from streams.engine import watchdog
watchdog._NATIVE_SECONDS = 1.0
made = watchdog.Watchdog(0.5)
made.start()
made.report("the part")
def stuck_in_a_library():
    ctypes.PyDLL(None).sleep(120)
stuck_in_a_library()
"""


def test_a_process_in_which_no_thread_can_run_ends_too_and_shows_where() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _HOLDS_THE_INTERPRETER], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0
    assert "in stuck_in_a_library" in ended.stderr
