"""Secrets by reference only: `${file:name}` and `${env:NAME}` inside the strings of a manifest."""

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.errors import SchemasError
from schemas.manifest import Manifest
from schemas.settings import Settings

#: One reference inside a string: its kind and its name.
REFERENCE = re.compile(r"\$\{(file|env):([A-Za-z0-9_.\-]+)\}")


class SecretMissing(SchemasError):  # noqa: N818 - reads as what happened
    """A reference points at a file or variable that is not there."""


def resolve(value: Any, *, folder: Path) -> Any:
    """`value` with every reference in its strings replaced; lists and dicts are walked.

    `${file:name}` is the stripped text of `folder/name`, `${env:NAME}` an environment variable. Raises SecretMissing,
    which names the reference and never a secret.
    """
    if isinstance(value, str):
        return REFERENCE.sub(lambda match: _read(match[1], match[2], folder), value)
    if isinstance(value, list):
        return [resolve(item, folder=folder) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, folder=folder) for key, item in value.items()}
    return value


class Secrets:
    """What a manifest refers to, remembered so that a change is noticed; the secrets themselves are not kept."""

    def __init__(self, settings: Settings, manifest: Manifest) -> None:
        self._folder = settings.secrets
        self._connect = manifest.connect
        self._known = self._digest()

    def have_changed(self) -> bool:
        """Whether they are others than at first. One that cannot be read just now has not changed."""
        found = self._digest()
        if self._known is None:
            self._known = found
        return found is not None and found != self._known

    def _digest(self) -> bytes | None:
        try:
            return sha256(repr(resolve(self._connect, folder=self._folder)).encode()).digest()
        except SecretMissing:
            return None


def _read(kind: str, name: str, folder: Path) -> str:
    if kind == "env":
        if name not in os.environ:
            raise SecretMissing(f"resolving ${{env:{name}}}: the variable is not set; set it for this process")
        return os.environ[name]
    path = folder / name
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretMissing(
            f"resolving ${{file:{name}}}: cannot read it in the secrets folder ({error.strerror}); create it, mode 0600"
        ) from error
