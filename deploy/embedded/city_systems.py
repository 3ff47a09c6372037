"""The sample systems as they are reached on this machine: the secrets that name them, and those that are not ours."""

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.embedded.city import DATABASES
from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.kept_ports import keep_ports
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.process import Command
from deploy.embedded.secret_files import write_dsn, write_secret
from deploy.embedded.supervisor import ProcessSpec

_PROJECT: Final = Path(__file__).resolve().parents[2]
#: The service, and the reader of files.
SERVICE: Final = "suc_khoe"
READER: Final = "bao_cao"
#: The operator's own database.
STORE: Final = "lienthong"
_TOKEN: Final = f"{SERVICE}_token"


def furnish(data: DataDirectory, *, dsn: Callable[[str], str], report: Callable[[str], None]) -> list[ProcessSpec]:
    """Write how each is reached, at each start: ports may have changed. `dsn` tells it of a database by its name.

    Returns the systems that are processes of their own: to be started before anybody asks them.
    """
    for system in DATABASES:
        write_dsn(data.secrets, system, dsn(system))
    write_dsn(data.secrets, "store", dsn(STORE))
    folder = data.systems / READER
    folder.mkdir(exist_ok=True)
    write_secret(data.secrets / f"{READER}_folder", f"{folder}\n")
    [port] = keep_ports([SERVICE], wanted={}, noted_in=data.run / f"{SERVICE}_port.json", report=report).values()
    write_secret(data.secrets / f"{SERVICE}_url", f"http://{LOOPBACK}:{port}\n")
    if not (data.secrets / _TOKEN).exists():
        write_secret(data.secrets / _TOKEN, secrets.token_urlsafe(32) + "\n")
    return [_service(data, port)]


def _service(data: DataDirectory, port: int) -> ProcessSpec:
    own = ("--port", str(port), "--data", str(data.systems / SERVICE), "--token-file", str(data.secrets / _TOKEN))
    command = Command(argv=(sys.executable, "-m", "deploy.embedded.suc_khoe", *own), cwd=_PROJECT)
    return ProcessSpec(name=f"system-{SERVICE}", command=lambda: command)
