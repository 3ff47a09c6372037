"""A process that writes one value into a state, and says what time it is: run rigged by test_rigged.py."""

import sys
import time
from pathlib import Path

from rocksdict import Cache

from streams.engine.checkpoint import Checkpoint
from streams.engine.state import PartitionState

if __name__ == "__main__":
    state = PartitionState(Path(sys.argv[1]), cache=Cache(1_000_000))
    state.apply({b"k": b"v"}, Checkpoint("id", 1))
    print(time.time())
