"""Writes to a folder without end, as a process of its own that a test can kill: `python csv_writer.py FOLDER MODE`."""

import sys

from connectors.kit import sink_manifest
from connectors.kit.sink_feed import Feed, upsert
from connectors.sinks.csv import sink
from schemas.settings import Settings

KEYS = 50
BATCH = 7


def main(folder: str, mode: str) -> None:
    """Delivery n makes the name of key n % KEYS to n."""
    feed = Feed(sink(sink_manifest({"kind": "csv", "folder": folder, "mode": mode}), Settings()))
    while True:
        first = feed.position
        feed.write(*(upsert(f"k#{number % KEYS:02d}", ho_ten=str(number)) for number in range(first, first + BATCH)))


if __name__ == "__main__":
    main(*sys.argv[1:])
