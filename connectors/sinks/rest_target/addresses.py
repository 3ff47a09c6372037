"""Where requests may go: the address that a name stands for is looked up and checked, and then that very one is asked.

A name that is checked by itself, and looked up again to connect, may stand for another machine the second time.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

Network = IPv4Network | IPv6Network
_PORTS = {"http": 80, "https": 443}


class NotAllowed(Exception):  # noqa: N818 - says what is the matter
    """The address is not one of those that the manifest names."""


class Destination(NamedTuple):
    """`url` with the address in the place of the name, and the name for the `Host` header and the certificate."""

    url: str
    host: str
    name: str


def destination(url: str, allowed: Sequence[Network]) -> Destination:
    """Where to send a request for `url`. Without `allowed`, everywhere but to addresses that are never a service's:
    link-local ones (a cloud's metadata), multicast, unspecified. Raises NotAllowed, and OSError for an unknown name.
    """
    parts = urlsplit(url)
    name, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    found = [ip_address(each[4][0]) for each in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
    good = [address for address in found if _may(address, allowed)]
    if not good:
        told = ", ".join(dict.fromkeys(map(str, found)))
        raise NotAllowed(f"{name} stands for {told}, where `connect: addresses` lets nothing go; correct one of them")
    return Destination(_with(parts, good[0]), parts.netloc.rpartition("@")[2], name)


def _may(address: IPv4Address | IPv6Address, allowed: Sequence[Network]) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if allowed:
        return any(address in network for network in allowed)
    return not (address.is_link_local or address.is_multicast or address.is_unspecified)


def _with(parts: SplitResult, address: IPv4Address | IPv6Address) -> str:
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    user, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{host}:{parts.port}" if parts.port else f"{user}{at}{host}").geturl()
