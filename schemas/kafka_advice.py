"""What to do about an error of Kafka's: the last part of a message for people."""

from typing import Final

from confluent_kafka import KafkaError

#: The answers to who is known and may not.
FORBIDDEN: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)
_NOT_BELIEVED: Final = frozenset({KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._AUTHENTICATION, KafkaError._SSL})


def advice(error: KafkaError, otherwise: str = "see that Kafka runs") -> str:
    """`otherwise`: what to do where it is no matter of permissions."""
    if error.code() in FORBIDDEN:
        return "this principal may not: allow it what `lienthong permissions` prints"
    if error.code() in _NOT_BELIEVED:
        return "Kafka does not believe who this is: correct the file of LIENTHONG_CLIENTS, or the secret it names"
    return otherwise
