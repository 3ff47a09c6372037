"""Kafka batches for Faust agents: a transactional micro-batch engine on librdkafka and RocksDB. See README.md."""

from streams.engine.app import EngineApp
from streams.engine.batch import Batch
from streams.engine.engine import Engine
from streams.engine.errors import EngineError
from streams.engine.overlay import BatchState
from streams.engine.records import Record
from streams.engine.settings import EngineSettings

__all__ = ["Batch", "BatchState", "Engine", "EngineApp", "EngineError", "EngineSettings", "Record"]
