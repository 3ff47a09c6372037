"""The registry client against a real registry."""

from typing import Any
from uuid import uuid4

import pytest

from deploy.embedded.ports import free_port
from schemas.codec import CodecError
from schemas.codec_resolve import IncompatibleSchema
from schemas.registry import Decoder, Registry, RegistryUnavailable, Writer, frame


@pytest.fixture
def client(registry: str) -> Registry:
    return Registry(registry)


@pytest.fixture
def subject() -> str:
    return f"registry.test.{uuid4().hex}-value"


def person(*more: dict[str, Any], name: str = "Person") -> dict[str, Any]:
    fields = [{"name": "full_name", "type": "string", "column": "Họ tên"}, *more]
    return {"type": "record", "name": name, "namespace": "test", "fields": fields}


AGE = {"name": "age", "type": ["null", "int"], "default": None}


def test_the_same_schema_keeps_its_id(client: Registry, registry: str, subject: str) -> None:
    first = client.register(subject, person())
    assert client.register(subject, person()) == first
    assert Registry(registry).register(subject, person()) == first
    assert Registry(registry).schema(first) == person()


def test_latest_is_as_it_is_now(client: Registry, registry: str, subject: str) -> None:
    assert client.latest(subject) is None
    client.register(subject, person())
    assert client.latest(subject) == person()
    Registry(registry).register(subject, person(AGE))
    assert client.latest(subject) == person(AGE)


def test_an_unknown_id_is_none(client: Registry) -> None:
    assert client.schema(2**31 - 1) is None


def test_an_incompatible_schema_is_refused_before_it_is_registered(client: Registry, subject: str) -> None:
    client.register(subject, person())
    required = {"name": "age", "type": "int"}
    with pytest.raises(IncompatibleSchema, match=rf"{subject}: the new cannot read the old: age: a new field without"):
        client.register(subject, person(required))
    assert client.latest(subject) == person()


def test_others_are_held_to_the_level_too(client: Registry, subject: str) -> None:
    client.register(subject, person())
    assert client._client.compatibility(subject) == "BACKWARD"
    other = Registry(client.url)
    other._check = lambda *_: None  # type: ignore[method-assign] # another client, which does not look itself
    with pytest.raises(IncompatibleSchema, match=subject):
        other.register(subject, person({"name": "age", "type": "int"}))


def test_an_older_version_that_is_known_may_still_be_written(client: Registry, registry: str, subject: str) -> None:
    first = client.register(subject, person())
    second = client.register(subject, person(AGE))
    assert second != first
    assert Registry(registry).register(subject, person()) == first


def test_level_none_allows_anything(client: Registry, subject: str) -> None:
    client.set_compatibility(subject, "NONE")
    client.register(subject, person())
    client.register(subject, person(name="Other"))
    assert client.latest(subject) == person(name="Other")


def test_full_looks_both_ways(client: Registry, subject: str) -> None:
    client.set_compatibility(subject, "FULL")
    client.register(subject, person({"name": "age", "type": "int"}))
    with pytest.raises(IncompatibleSchema, match="the old cannot read the new: age"):
        client.register(subject, person())


def test_records_go_through(client: Registry, subject: str) -> None:
    writer = Writer(client, subject, person(AGE))
    framed = writer.encode({"full_name": "Đỗ Thị Hà", "age": 30})
    assert framed[:5] == b"\0" + writer.schema_id.to_bytes(4, "big")
    assert Decoder(client).decode(framed) == {"full_name": "Đỗ Thị Hà", "age": 30}


def test_each_record_is_read_by_its_writers_schema(client: Registry, subject: str) -> None:
    old, new = Writer(client, subject, person()), Writer(client, subject, person(AGE))
    decoder = Decoder(client, person(AGE))
    assert decoder.decode(old.encode({"full_name": "An"})) == {"full_name": "An", "age": None}
    assert decoder.decode(new.encode({"full_name": "An", "age": 3})) == {"full_name": "An", "age": 3}
    assert Decoder(client).decode(old.encode({"full_name": "An"})) == {"full_name": "An"}


def test_an_id_that_nobody_gave_is_an_error(client: Registry) -> None:
    with pytest.raises(CodecError, match="schema id 2147483647 is unknown"):
        Decoder(client).decode(frame(2**31 - 1, b""))


def test_a_registry_that_is_away_is_trouble_that_passes() -> None:
    away = Registry(f"http://127.0.0.1:{free_port()}/apis/ccompat/v7", patience=0.3)
    with pytest.raises(RegistryUnavailable, match=r"registering|looking up .*; see whether the registry runs"):
        away.register("x-value", person())
