"""Compiled bodies of modules: the same Python, translated to C, imported instead of the source.

`deploy.compile_steps` makes them where there is a C compiler, and writes down of which sources. Where a source is
another now, and with `LIENTHONG_COMPILED=0`, the sources run: they do the same, slower.
"""

import json
import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

#: The sources' own folder, and where the bodies of this virtual environment stand.
ROOT: Final = Path(__file__).parent.parent
FOLDER: Final = Path(sys.prefix) / "compiled"
#: Of which sources they were made: path below ROOT -> digest.
MANIFEST: Final = "sources.json"
#: How mypyc ends the name of the library in which all bodies are.
_LIBRARY: Final = "__mypyc"


class _Finder:
    """Finds the bodies in a folder, and nothing else; see importlib.abc.MetaPathFinder."""

    def __init__(self, folder: Path, names: frozenset[str]) -> None:
        self._folder = folder
        self._names = names

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a body of the module is; None where it has none."""
        if fullname in self._names or fullname.endswith(_LIBRARY):
            # Where the file is gone meanwhile the import fails: some bodies among sources would not fit together.
            return spec_from_file_location(
                fullname, self._folder / (fullname.replace(".", "/") + EXTENSION_SUFFIXES[0])
            )
        return None


def digest(source: Path) -> str:
    """What tells one text of a source from another."""
    return sha256(source.read_bytes()).hexdigest()


def made_of(folder: Path = FOLDER, root: Path = ROOT) -> dict[str, str] | None:
    """Of which sources the bodies in a folder were made; None where there are none, or any source is another now."""
    try:
        sources: dict[str, str] = json.loads((folder / MANIFEST).read_bytes())
        same = all(digest(root / path) == known for path, known in sources.items())
    except (OSError, ValueError):
        return None
    return sources if same else None


def use_bodies(folder: Path = FOLDER) -> None:
    """Import the bodies from now on, where they are of these very sources."""
    sources = None if is_used() or os.environ.get("LIENTHONG_COMPILED") == "0" else made_of(folder)
    if sources is not None:
        names = frozenset(path.removesuffix(".py").replace("/", ".") for path in sources)
        sys.meta_path.insert(0, _Finder(folder, names))


def use_sources() -> None:
    """Import no body from now on; what has been imported stays."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]


def is_used() -> bool:
    """Whether bodies are imported."""
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)
