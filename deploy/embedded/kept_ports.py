"""Ports that stay the same from start to start, so that whoever noted one finds it again."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from deploy.embedded.ports import ensure_free, free_port, is_free


def keep_ports(
    names: Iterable[str], *, wanted: Mapping[str, int], noted_in: Path, report: Callable[[str], None]
) -> dict[str, int]:
    """A free port for each name: the wanted one, else that of the last start, else a new one; noted for the next start.

    Raises PortTakenError when a wanted one is taken. One of the last start that is taken is replaced, and reported.
    """
    last = _read(noted_in)
    ports: dict[str, int] = {}
    for name in names:
        if name in wanted:
            ensure_free(wanted[name], owner=name)
            ports[name] = wanted[name]
        elif name in last and is_free(last[name]):
            ports[name] = last[name]
        else:
            ports[name] = _new_port(taken=set(ports.values()))
            if name in last:
                report(f"{name}: its port {last[name]} is taken by another program; it gets {ports[name]}")
    noted_in.write_text(json.dumps(ports), encoding="utf-8")
    return ports


def _new_port(*, taken: set[int]) -> int:
    while (port := free_port()) in taken:
        pass
    return port


def _read(path: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
