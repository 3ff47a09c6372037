"""Requests go to the address that was checked, and to no other."""

import socket
from ipaddress import ip_network
from typing import Any

import pytest

from connectors.sinks.rest_target.addresses import NotAllowed, destination

INSIDE = [ip_network("10.20.0.0/16"), ip_network("fd00::/8")]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """By name, the addresses that it stands for."""
    known: dict[str, list[str]] = {}

    def getaddrinfo(name: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known.get(name, [name])]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


def test_the_address_takes_the_names_place_and_the_name_stays_for_the_certificate(names: dict[str, list[str]]) -> None:
    names["suc-khoe.example"] = ["192.0.2.1", "10.20.3.4"]
    found = destination("https://suc-khoe.example:8443/api/x?y=1", INSIDE)
    assert found == ("https://10.20.3.4:8443/api/x?y=1", "suc-khoe.example:8443", "suc-khoe.example")
    assert destination("https://ai:mk@suc-khoe.example/", INSIDE).url == "https://ai:mk@10.20.3.4/"
    names["v6.example"] = ["fd00::7"]
    assert destination("http://v6.example/a", INSIDE).url == "http://[fd00::7]/a"


def test_a_name_that_stands_for_another_network_is_refused(names: dict[str, list[str]]) -> None:
    names["suc-khoe.example"] = ["127.0.0.1", "::ffff:127.0.0.1"]
    with pytest.raises(NotAllowed, match=r"suc-khoe.example stands for 127.0.0.1, ::ffff"):
        destination("https://suc-khoe.example/api", INSIDE)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::", "::ffff:169.254.169.254", "224.0.0.1"])
def test_without_a_list_what_is_never_a_service_is_refused_all_the_same(
    names: dict[str, list[str]], address: str
) -> None:
    names["x"] = [address]
    with pytest.raises(NotAllowed):
        destination("http://x/", [])
    names["x"] = ["10.1.1.1"]
    assert destination("http://x/", []).url == "http://10.1.1.1/"
