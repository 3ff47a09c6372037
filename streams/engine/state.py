"""The state of one partition: a RocksDB that follows the changelog, with its checkpoint inside."""

import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
from rocksdict import (
    BlockBasedOptions,
    Cache,
    DbClosedError,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteOptions,
)

from streams.engine.checkpoint import Checkpoint
from streams.engine.errors import StateError

_log = structlog.get_logger(__name__)
#: Where the checkpoint stands: no record of a compacted topic has an empty key, and put() refuses it.
_CHECKPOINT = b""
_LOCK_SECONDS = 10.0
#: How RocksDB tells that another process has its files open, and that they do not hold what they should.
_LOCKED = ("While lock file", "lock hold by")
_DAMAGED = ("Corruption", "No such file")
_REMEDY = "make room on its disk, or look at it, and start the worker again"
_MEMTABLE_BYTES = 8 * 1024 * 1024
_MEMTABLES = 2
_LOGGED, _UNLOGGED = WriteOptions(), WriteOptions()
_UNLOGGED.disable_wal = True  # type: ignore[method-assign, assignment]  # the stubs take a property for a method


class PartitionState:
    """Keys and values as of the last committed batch. Methods may be called from any thread; after close they raise."""

    def __init__(self, path: Path, *, cache: Cache, memtable_bytes: int = _MEMTABLE_BYTES) -> None:
        """Open it; an empty one if there is none or it is damaged.

        Raises StateError when another process holds it, or the disk does not take it; then nothing is thrown away.
        """
        self._path = path
        self._options = _options(cache, memtable_bytes)
        self._db = self._open()
        # The binding refuses to close while another thread writes.
        self._writing = threading.Lock()

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        value: bytes | None = self._db.get(key)
        return value

    def items(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """All pairs from ``start`` on in the order of their keys, as of now, whatever is written meanwhile."""
        pairs: Iterator[tuple[bytes, bytes]] = self._db.items(from_key=start)  # type: ignore[assignment]
        for key, value in pairs:
            if key != _CHECKPOINT:
                yield key, value

    def checkpoint(self) -> Checkpoint | None:
        """What was last applied; None for a new state."""
        stored = self._db.get(_CHECKPOINT)
        return Checkpoint.decode(stored) if stored is not None else None

    def apply(self, changes: Mapping[bytes, bytes | None], checkpoint: Checkpoint) -> None:
        """Write the changes (None deletes) and the checkpoint, all or nothing. Raises StateError when the disk is full.

        After that nothing more is written before it is opened again.
        """
        self._write(changes, checkpoint, _LOGGED)

    def restore(self, changes: Mapping[bytes, bytes | None], checkpoint: Checkpoint) -> None:
        """As apply, at half the cost: a process that dies before ``flush`` takes back the last of these steps.

        What stays is the state as of one of the checkpoints. Call ``flush`` before ``apply``.
        """
        self._write(changes, checkpoint, _UNLOGGED)

    def flush(self) -> None:
        """What was restored outlives the process. Raises StateError when the disk is full."""
        with self._writing, self._disk():
            self._db.flush()

    def _write(self, changes: Mapping[bytes, bytes | None], checkpoint: Checkpoint, options: WriteOptions) -> None:
        batch = WriteBatch(raw_mode=True)
        for key, value in changes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(_CHECKPOINT, checkpoint.encode())
        with self._writing, self._disk():
            self._db.write(batch, options)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except DbClosedError:
            raise
        except Exception as error:  # rocksdict raises nothing more special
            raise StateError(f"writing the state {self._path}: {error}; {_REMEDY}") from error

    def wipe(self) -> None:
        """Forget everything, the checkpoint too."""
        self._db.close()
        shutil.rmtree(self._path)
        self._db = self._open()

    def close(self) -> None:
        """Release the files; safe to repeat."""
        with self._writing, suppress(DbClosedError):
            self._db.close()

    def _open(self) -> Rdict:
        self._path.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                return Rdict(str(self._path), options=self._options)
            except Exception as error:
                told = str(error)
                if any(sign in told for sign in _LOCKED):
                    self._wait_for_lock(deadline, error)
                elif any(sign in told for sign in _DAMAGED) and any(self._path.iterdir()):
                    _log.warning("local state is damaged: it is built anew", path=str(self._path), error=told)
                    shutil.rmtree(self._path)
                else:
                    raise StateError(f"opening the state {self._path}: {told}; {_REMEDY}") from error

    def _wait_for_lock(self, deadline: float, error: Exception) -> None:
        if time.monotonic() > deadline:
            raise StateError(
                f"opening the state {self._path}: another process holds it; "
                "give every live worker a name and a data folder of its own"
            ) from error
        time.sleep(0.05)


def _options(cache: Cache, memtable_bytes: int) -> Options:
    table = BlockBasedOptions()
    table.set_block_cache(cache)
    table.set_bloom_filter(10, False)  # noqa: FBT003 - the binding takes it by position
    # Indexes and filters count against the cache too, else memory grows with the number of keys.
    table.set_cache_index_and_filter_blocks(True)
    table.set_pin_l0_filter_and_index_blocks_in_cache(True)
    options = Options(raw_mode=True)
    options.create_if_missing(True)  # noqa: FBT003
    options.set_block_based_table_factory(table)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_write_buffer_size(memtable_bytes)
    # Most keys that are asked for are not among the newest: a filter tells so before these are searched.
    options.set_memtable_prefix_bloom_ratio(0.05)
    options.set_memtable_whole_key_filtering(True)
    options.set_max_write_buffer_number(_MEMTABLES)
    options.set_max_open_files(256)
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(1_000_000)
    # By default it grows to 1 GB before it begins anew.
    options.set_max_manifest_file_size(1_000_000)
    return options
