"""Loads a folder of manifests for a command, and tells everything that is wrong with them."""

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from console.kinds import known_kinds
from console.screen import troubles
from schemas.manifest_load import Loaded, load_manifests
from schemas.manifest_yaml import Problem


def load_folder(folder: Path) -> Loaded:
    """Every manifest of the folder and every problem, the file named as the user can open it."""
    loaded = load_manifests(folder, known_kinds())
    return loaded._replace(problems=[_located(problem, folder) for problem in loaded.problems])


def _located(problem: Problem, folder: Path) -> Problem:
    inside = folder / Path(problem.file).name
    return problem._replace(file=str(inside)) if inside.exists() else problem


def tell_problems(problems: Sequence[Problem]) -> None:
    """Print each with file, line and remedy, on standard error."""
    for problem in problems:
        troubles.print(
            Text.assemble(
                ("✖ ", "red"),
                (f"{problem.file}:{problem.line}: ", "bold"),
                f"{problem.message}\n    ",
                (f"→ {problem.remedy}", "green"),
            ),
            soft_wrap=True,
        )
    noun = "problem" if len(problems) == 1 else "problems"
    troubles.print(Text(f"{len(problems)} {noun} in the manifests.", style="bold"))
