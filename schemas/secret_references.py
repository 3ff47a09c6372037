"""Secrets by reference only: `${file:name}` and `${env:NAME}` inside the strings of a manifest."""

import os
import re
from pathlib import Path
from typing import Any

from schemas.errors import SchemasError

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
