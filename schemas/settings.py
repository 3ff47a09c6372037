"""Where a process finds Kafka, the registry and its own files: environment variables `LIENTHONG_*`."""

import os
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

_PREFIX: Final = "LIENTHONG_"


class Settings(BaseModel):
    """Read once at the start of a process and passed on; nothing else reads the environment, but schemas/compiled.py.

    What is given by name counts more. Raises pydantic.ValidationError for a value that cannot be meant.
    """

    def __init__(self, **given: Any) -> None:
        found = {name: os.environ.get(_PREFIX + name.upper()) for name in type(self).model_fields}
        super().__init__(**({name: text for name, text in found.items() if text is not None} | given))

    #: Bootstrap servers, as Kafka spells them.
    kafka: str = "127.0.0.1:9092"
    #: Base address of the schema registry's Confluent API.
    registry: str = "http://127.0.0.1:8081/apis/ccompat/v7"
    #: File of client settings for an existing Kafka and registry: see schemas/kafka_security.py.
    clients: Path | None = None
    #: Folder of what this machine keeps: RocksDB, logs. It can be lost: state is rebuilt from Kafka.
    data: Path = Path(".data")
    #: Folder of the files that `${file:name}` in a manifest refers to.
    secrets: Path = Path(".data/secrets")
    #: Stable name of this worker slot; two live workers never share one.
    worker: str = "w1"
    #: Port of `/metrics`, `/livez` and `/readyz`; 0 turns them off.
    metrics_port: int = 0
    #: Address at which they are served. Other than loopback only where the network keeps strangers away, as in a pod.
    metrics_host: str = "127.0.0.1"
    #: Partitions of each entity's topics, fixed when they are created.
    partitions: int = 4
    #: Name of the dead-letter key file in `secrets`.
    dead_letter_key: str = "dead_letter_key"
    #: DSN of the operator's PostgreSQL, or a reference to it: `${file:name}` in `secrets`, `${env:NAME}`.
    store: str = "${file:store_dsn}"
    log_level: str = "info"
