"""How large a record may be: a broker that finds one too large refuses everything that was sent with it."""

from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from connectors.errors import ConnectorsError
from schemas.kafka import MAX_RECORD_BYTES, client_settings
from schemas.kafka_advice import advice

_SETTING: Final = "max.message.bytes"
_TIMEOUT_SECONDS: Final = 30.0
#: What the broker counts beside the record itself.
_OVERHEAD: Final = 128


def largest_record(bootstrap: str, topics: Sequence[str]) -> int:
    """Bytes of the largest record that all of the topics take, never above MAX_RECORD_BYTES. Raises ConnectorsError."""
    admin = AdminClient(client_settings(bootstrap))
    asked = admin.describe_configs(
        [ConfigResource(ResourceType.TOPIC, topic) for topic in topics], request_timeout=_TIMEOUT_SECONDS
    )
    try:
        limits = [int(future.result()[_SETTING].value) for future in asked.values()]
    except KafkaException as error:
        raise ConnectorsError(
            f"reading the settings of {', '.join(topics)}: {error.args[0].str()}; "
            + advice(error.args[0], "see that Kafka runs, and run `lienthong apply` where a topic is missing")
        ) from None
    return min(MAX_RECORD_BYTES, *(limit - _OVERHEAD for limit in limits))
