"""`lienthong check`: everything that is wrong with the manifests, and with the systems that they name."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from console.check_systems import check_system
from console.errors import NoCity
from console.manifests import load_folder, tell_problems
from console.screen import screen
from console.surroundings import find_settings
from schemas.settings import Settings

_DEFAULT = Path("deploy/hanoi/systems")


def check(
    folder: Annotated[Path, typer.Argument(help="Folder of the manifests, one file a system.")] = _DEFAULT,
    offline: Annotated[bool, typer.Option("--offline", help="Do not connect to any system.")] = False,  # noqa: FBT002
    show_values: Annotated[bool, typer.Option("--show-values", help="Show identifiers whole.")] = False,  # noqa: FBT002
) -> None:
    """Check all manifests together, then each system: connection, permissions, structure, three live records.

    Live records hold personal data: they are shown on this terminal only, identifiers partly hidden.

    Example: lienthong check deploy/hanoi/systems --offline
    """
    loaded = load_folder(folder)
    if loaded.problems:
        tell_problems(loaded.problems)
    else:
        count = len(loaded.manifests)
        screen.print(f"[green]✔[/] {folder}: {count} manifest{'' if count == 1 else 's'}, nothing wrong")
    found = 0
    if not offline:
        settings = _settings()
        found = sum(check_system(manifest, settings, show_values=show_values) for manifest in loaded.manifests)
    if found:
        screen.print(Text(f"{found} {'finding' if found == 1 else 'findings'} in the systems.", style="bold"))
    if loaded.problems or found:
        raise typer.Exit(1)


def _settings() -> Settings:
    """Those of the running city; without one the systems can be reached all the same where the secrets are."""
    try:
        return find_settings()
    except NoCity:
        return Settings()
