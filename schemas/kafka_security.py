"""How clients prove who they are to an existing Kafka and registry, from one file of properties.

    security.protocol=SASL_SSL
    sasl.mechanism=SCRAM-SHA-512
    sasl.username=lienthong-ho_tich
    sasl.password=${file:kafka_password}
    ssl.ca.location=/etc/lienthong/ca.pem
    schema.registry.ssl.ca.location=/etc/lienthong/ca.pem

Only what concerns the connection may be set: everything else is what exactness rests on, and is refused.
"""

from pathlib import Path
from typing import Final

from schemas.errors import SchemasError
from schemas.secret_references import resolve

_REGISTRY: Final = "schema.registry."
#: What may stand in the file, as librdkafka spells it.
KAFKA: Final = frozenset(
    {
        "security.protocol",
        "sasl.mechanism",
        "sasl.username",
        "sasl.password",
        "ssl.ca.location",
        "ssl.certificate.location",
        "ssl.key.location",
        "ssl.key.password",
        "ssl.endpoint.identification.algorithm",
        "client.id",
        "client.rack",
        "client.dns.lookup",
        "broker.address.family",
        "socket.keepalive.enable",
        "metadata.max.age.ms",
    }
)
#: Likewise, behind `schema.registry.`, as Confluent's client of the registry spells it.
REGISTRY: Final = frozenset(
    {
        "basic.auth.user.info",
        "ssl.ca.location",
        "ssl.certificate.location",
        "ssl.key.location",
    }
)


class ClientsError(SchemasError):
    """The file of client settings cannot be used: says which line, and never a value."""


def kafka_clients(path: Path | None, *, secrets: Path) -> dict[str, str]:
    """What every Kafka client gets beside its own settings; nothing without a file. Raises ClientsError."""
    settings = {name: value for name, value in _read(path).items() if not name.startswith(_REGISTRY)}
    return _resolved(settings, secrets)


def registry_clients(path: Path | None, *, secrets: Path) -> dict[str, str]:
    """The same for the registry's client."""
    settings = {
        name.removeprefix(_REGISTRY): value for name, value in _read(path).items() if name.startswith(_REGISTRY)
    }
    return _resolved(settings, secrets)


def _resolved(settings: dict[str, str], secrets: Path) -> dict[str, str]:
    found: dict[str, str] = resolve(settings, folder=secrets)
    return found


def _read(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ClientsError(
            f"reading the client settings {path}: {error.strerror}; correct LIENTHONG_CLIENTS, or create the file"
        ) from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, value = _property(line, f"{path}:{number}")
            found[name] = value
    return found


def _property(line: str, place: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in line.partition("="))
    if not equals or not value:
        raise ClientsError(f"reading the client settings, {place}: not of the form name=value; correct the line")
    allowed = name.removeprefix(_REGISTRY) in REGISTRY if name.startswith(_REGISTRY) else name in KAFKA
    if not allowed:
        raise ClientsError(
            f"reading the client settings, {place}: `{name}` may not be set here; only how to connect may: "
            f"{', '.join(sorted(KAFKA))}, and behind `{_REGISTRY}`: {', '.join(sorted(REGISTRY))}"
        )
    if "password" in name and "${" not in value:
        raise ClientsError(
            f"reading the client settings, {place}: `{name}` is a secret written out; put it in a file of the secrets "
            "folder and write ${file:name}"
        )
    return name, value
