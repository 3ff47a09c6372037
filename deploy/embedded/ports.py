"""Loopback ports that stay one's own."""

import random
import socket
from pathlib import Path

from deploy.embedded.errors import PortTakenError

LOOPBACK = "127.0.0.1"
_LOWEST = 15_000
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def _first_ephemeral() -> int:
    try:
        return int(_RANGE_FILE.read_text().split()[0])
    except OSError:
        return 32_768


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def is_open(port: int, *, seconds: float = 0.2) -> bool:
    """Whether somebody answers on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(seconds)
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_port(*, following: int = 0) -> int:
    """A free loopback port below the kernel's ephemeral range, as are so many that follow it.

    A port from that range (as "bind to 0" gives) can be taken by any outgoing connection while its server is down, even
    by a client that tries to reach that very server: a server that is killed and restarted would not get it back.
    """
    highest = max(_first_ephemeral(), _LOWEST + 1_000)
    for port in random.sample(range(_LOWEST, highest - following), 200):
        if all(map(is_free, range(port, port + following + 1))):
            return port
    raise PortTakenError(
        f"looking for a free port between {_LOWEST} and {highest}: none; end some servers and try again"
    )


def ensure_free(port: int, *, owner: str) -> None:
    """Raise PortTakenError unless ``owner`` could listen on ``port``."""
    if not is_free(port):
        raise PortTakenError(
            f"starting {owner}: port {port} on {LOOPBACK} is taken by another program; "
            f"end it (`ss -ltnp 'sport = :{port}'` names it) or give {owner} another port"
        )
