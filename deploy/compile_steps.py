"""`python -m deploy.compile_steps`: a worker's steps, and what they call, as C. It returns at once when that is done.

What takes half of a worker's time is translated by mypyc and compiled into the virtual environment; schemas/compiled.py
imports it from there. Without a C compiler or Python's headers the sources run, and do the same, slower.
"""

import contextlib
import fcntl
import json
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from setuptools import Distribution
from setuptools.command.build_ext import build_ext

from schemas import compiled

#: Everything that works on each record, between the engine and the codec.
_STEPS: Final = (
    *("answer", "claims", "cloudevents", "decode", "deduplicate", "ear", "emit", "errors", "expect_echo", "floors"),
    *("identify", "judge_echo", "links", "merge", "normalise", "outcomes", "pipeline", "place", "project", "receive"),
    *("revision", "route", "rules", "sent_echo", "settle", "stand", "suppress_echo", "tell", "told", "turn"),
    *("two_way", "unconfirmed", "validate", "wire", "worker"),
)
_VALUES: Final = ("conversions", "identity", "mapping")
_RULES: Final = ("codes", "dates", "errors", "identifiers", "legacy", "names", "phones", "text", "wards")
SOURCES: Final = (
    *(f"streams/{name}.py" for name in _STEPS),
    *(f"schemas/{name}.py" for name in _VALUES),
    *(f"schemas/rules/{name}.py" for name in _RULES),
)
_BUILD: Final = compiled.ROOT / "build"
_LOG: Final = _BUILD / "compile_steps.log"
_AT_ONCE: Final = 2
_AS_PYTHON: Final = "the worker's steps run as Python, at half the speed"


class _BuildTogether(build_ext):  # type: ignore[misc]  # setuptools has no types
    """Compiles several files at once."""

    def build_extension(self, ext: Any) -> None:
        """See build_ext."""
        compile_all, pool = self.compiler.compile, ThreadPoolExecutor(_AT_ONCE)

        def compile_each(sources: list[str], *args: Any, **more: Any) -> list[str]:
            return [made for each in pool.map(lambda one: compile_all([one], *args, **more), sources) for made in each]

        self.compiler.compile = compile_each
        try:
            super().build_extension(ext)
        finally:
            self.compiler.compile = compile_all
            pool.shutdown()


def main() -> None:
    """See the module's text. Nothing that goes wrong is an error: without the bodies everything works."""
    _BUILD.mkdir(exist_ok=True)
    with (_BUILD / "compile_steps.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands may begin at the same time
        _build_unless_current()


def _build_unless_current() -> None:
    known = compiled.made_of()
    if known is not None and known.keys() == set(SOURCES):
        return
    if (missing := _missing()) is not None:
        _say(f"{_AS_PYTHON}: there is no {missing} (Debian: apt install gcc python3-dev)")
        return
    _say("compiling the worker's steps, once after each change of them: about half a minute")
    began = time.monotonic()
    # In a process of its own: mypyc ends the one in which it finds a fault.
    with _LOG.open("w", encoding="utf-8") as log:
        command = [sys.executable, "-m", "deploy.compile_steps", "build"]
        built = subprocess.run(command, cwd=compiled.ROOT, stdout=log, stderr=subprocess.STDOUT, check=False)
    if built.returncode == 0:
        _say(f"compiled in {time.monotonic() - began:.0f} s")
    else:
        _say(f"{_AS_PYTHON}: compiling failed, {_LOG} says why")


def build(folder: Path) -> None:
    """Make all bodies, in the place of what was there. Raises what mypyc and the compiler raise."""
    from mypyc.build import mypycify  # noqa: PLC0415 - it takes a while

    sources = {path: compiled.digest(compiled.ROOT / path) for path in SOURCES}
    made = folder.with_name(folder.name + ".new")
    shutil.rmtree(made, ignore_errors=True)
    with _work_folder(made.with_name(made.name + ".work")) as work:
        options = ["--follow-imports=silent", "--ignore-missing-imports", f"--cache-dir={_BUILD / 'mypyc_cache'}"]
        extensions = mypycify(
            [*options, *SOURCES], opt_level="1", debug_level="0", multi_file=True, target_dir=str(work / "c")
        )
        for extension in extensions:
            extension.extra_compile_args.append("-Wno-error")  # another compiler has other warnings
        command = _BuildTogether(Distribution({"name": "lienthong", "ext_modules": extensions}))
        command.build_lib, command.build_temp = str(made), str(work / "o")
        command.ensure_finalized()
        command.run()
    (made / compiled.MANIFEST).write_text(json.dumps(sources, indent=1), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    made.rename(folder)


@contextlib.contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _missing() -> str | None:
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"C compiler ({compiler})"
    return None if (Path(sysconfig.get_path("include")) / "Python.h").exists() else "header of Python (Python.h)"


def _say(message: str) -> None:
    sys.stderr.write(f"lienthong: {message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    if sys.argv[1:] == ["build"]:
        build(compiled.FOLDER)
    else:
        main()
