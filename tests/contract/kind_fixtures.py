"""Finds the fixture of each kind: `tests/contract/sinks/<kind>.py` or `tests/contract/sources/<kind>.py`.

A sink's may name its `suite`, where it is not `sink_suite`.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from connectors.kinds import Role, kinds

_FOLDER = Path(__file__).parent


def fixture_path(role: Role, kind: str) -> Path:
    """Where the fixture of this kind is, or should be."""
    return _FOLDER / role / f"{kind}.py"


def fixtures(role: Role) -> dict[str, ModuleType]:
    """The fixtures that there are, by kind."""
    present = [kind for kind in kinds(role) if fixture_path(role, kind).exists()]
    return {kind: import_module(f"tests.contract.{role}.{kind}") for kind in present}
