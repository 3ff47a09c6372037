"""Finds the running city: the environment first, then the file that `make run` leaves in the data folder."""

import os
from collections.abc import Mapping
from pathlib import Path

from console.errors import NoCity
from schemas.settings import Settings

_PREFIX = "LIENTHONG_"
#: Written by the supervisor of `make run`, inside the data folder: one `LIENTHONG_NAME=value` a line.
ENV_FILE = Path("run") / "env"


def find_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from LIENTHONG_* variables, completed by the env file of a city in this folder or one above.

    A variable that is set wins over the file, which is not read at all where LIENTHONG_KAFKA is set: it may be of
    another city. Raises NoCity when neither tells where Kafka is.
    """
    if f"{_PREFIX}KAFKA" in environment:
        return Settings()
    path = _env_file(Path(environment.get(f"{_PREFIX}DATA", ".data")))
    if path is None:
        raise NoCity(
            "no running city found here: start one with `make run`, "
            "or set LIENTHONG_KAFKA and LIENTHONG_REGISTRY to the city you mean"
        )
    data = path.parent.parent.resolve()
    found = {"data": str(data), "secrets": str(data / "secrets")} | read_env_file(path)
    found = {name: value for name, value in found.items() if f"{_PREFIX}{name.upper()}" not in environment}
    return Settings(**found)  # pydantic parses the texts


def _env_file(data: Path) -> Path | None:
    folders = [Path(), *Path.cwd().parents] if not data.is_absolute() else [Path()]
    candidates = (folder / data / ENV_FILE for folder in folders)
    return next((path for path in candidates if path.is_file()), None)


def read_env_file(path: Path) -> dict[str, str]:
    """Field name of `Settings` -> its text, from `LIENTHONG_NAME=value` lines; other lines are ignored."""
    settings: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and name.startswith(_PREFIX):
            settings[name.removeprefix(_PREFIX).lower()] = value.strip().strip("'\"")
    return settings
