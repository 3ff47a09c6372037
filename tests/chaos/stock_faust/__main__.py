"""Plays every scenario with stock Faust and prints what became of the records, as the table of README.md has it.

``python -m tests.chaos.stock_faust``; it brings its own Kafka and takes some ten minutes. ``--only NAME`` for some.
"""

import argparse
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.embedded.kafka import Kafka
from tests.chaos.stock_faust.scenarios import SCENARIOS, Scenario, verdict
from tests.integration.engine_harness import Site

_EXPECTED_ENDS = (None, 0, -signal.SIGKILL)


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(SCENARIOS), default=list(SCENARIOS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lienthong-stock-") as name:
        server = Kafka(Path(name) / "kafka")
        server.configure()
        server.start()
        try:
            server.wait_ready()
            print("| scenario | records | lost | more than once | |\n|---|---|---|---|---|", flush=True)
            for number, chosen in enumerate(options.only):
                folder = Path(name) / str(number)
                folder.mkdir()
                print(_row(server.bootstrap, folder, SCENARIOS[chosen]), flush=True)
        finally:
            server.kill()


def _row(kafka: str, folder: Path, scenario: Scenario) -> str:
    site = Site(kafka, folder, module="tests.chaos.stock_faust.worker")
    note = ""
    try:
        try:
            scenario.play(site, scenario.stock)
        except AssertionError as error:
            note = str(error).partition("\n")[0]
        found = verdict(site)
        note = "; ".join(part for part in (note, *_ends(site)) if part)
    finally:
        site.close()
    return f"| {scenario.text} | {found.inputs:,} | {found.lost} | {found.twice} | {note} |"


def _ends(site: Site) -> Iterator[str]:
    """Who ended by itself, and whom SIGTERM does not end."""
    statuses = [worker.process.poll() for worker in site.workers]
    yield from (f"a worker ended by itself with {status}" for status in statuses if status not in _EXPECTED_ENDS)
    running = [worker for worker, status in zip(site.workers, statuses, strict=True) if status is None]
    for worker in running:
        worker.process.terminate()
    began = time.monotonic()
    while time.monotonic() - began < 30 and any(worker.process.poll() is None for worker in running):
        time.sleep(0.1)
    if any(worker.process.poll() is None for worker in running):
        yield "a worker does not stop within 30 s when asked to"


if __name__ == "__main__":
    main()
