"""The file of client settings: only how to connect may be set there, and no secret stands in it."""

from pathlib import Path

import pytest

from schemas.kafka import consumer_settings
from schemas.kafka_security import ClientsError, kafka_clients, registry_clients
from schemas.secret_references import SecretMissing

_FILE = """
# how we prove who we are
security.protocol=SASL_SSL
sasl.mechanism = SCRAM-SHA-512
sasl.username=lienthong-ho_tich
sasl.password=${file:kafka_password}
schema.registry.basic.auth.user.info=lienthong:${env:REGISTRY_PASSWORD}
"""


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "clients.properties"
    path.write_text(_FILE)
    (tmp_path / "kafka_password").write_text("bí mật\n")
    monkeypatch.setenv("REGISTRY_PASSWORD", "khác")
    monkeypatch.setenv("LIENTHONG_CLIENTS", str(path))
    monkeypatch.setenv("LIENTHONG_SECRETS", str(tmp_path))
    return path


def test_each_client_gets_its_part_with_the_secrets_in_place(clients: Path) -> None:
    assert kafka_clients(clients, secrets=clients.parent) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "lienthong-ho_tich",
        "sasl.password": "bí mật",
    }
    assert registry_clients(clients, secrets=clients.parent) == {"basic.auth.user.info": "lienthong:khác"}


def test_a_client_made_after_a_password_was_changed_has_the_new_one(clients: Path) -> None:
    assert consumer_settings("k:9093", "g")["sasl.password"] == "bí mật"
    (clients.parent / "kafka_password").write_text("mới")
    assert consumer_settings("k:9093", "g")["sasl.password"] == "mới"


def test_without_a_file_nothing_is_added() -> None:
    assert kafka_clients(None, secrets=Path()) == registry_clients(None, secrets=Path()) == {}


@pytest.mark.parametrize("name", ["acks", "enable.idempotence", "isolation.level", "group.id", "bootstrap.servers"])
def test_what_exactness_rests_on_may_not_be_set(clients: Path, name: str) -> None:
    clients.write_text(f"security.protocol=SSL\n{name}=x\n")
    with pytest.raises(ClientsError, match=rf"clients.properties:2: `{name}` may not be set here"):
        kafka_clients(clients, secrets=clients.parent)


def test_a_password_that_is_written_out_is_refused_and_not_repeated(clients: Path) -> None:
    clients.write_text("sasl.password=hunter2\n")
    with pytest.raises(ClientsError, match="is a secret written out") as caught:
        kafka_clients(clients, secrets=clients.parent)
    assert "hunter2" not in str(caught.value)


def test_what_is_missing_is_named(clients: Path) -> None:
    (clients.parent / "kafka_password").unlink()
    with pytest.raises(SecretMissing, match="kafka_password"):
        kafka_clients(clients, secrets=clients.parent)
    clients.unlink()
    with pytest.raises(ClientsError, match="LIENTHONG_CLIENTS"):
        kafka_clients(clients, secrets=clients.parent)


def test_every_client_is_made_with_them() -> None:
    """Nobody spells the bootstrap servers but the two who add the settings, and the embedded server itself."""
    project = Path(__file__).resolve().parents[3]
    allowed = {"schemas/kafka.py", "streams/engine/settings.py", "deploy/embedded/kafka.py"}
    found = {
        path.relative_to(project).as_posix()
        for package in ("schemas", "connectors", "streams", "console", "deploy")
        for path in (project / package).rglob("*.py")
        if '"bootstrap.servers"' in path.read_text(encoding="utf-8")
    }
    assert found - allowed == set(), "make clients of schemas.kafka.client_settings"
