"""`lienthong apply`: makes the city as its manifests say."""

from pathlib import Path
from typing import Annotated

import typer

from console.applied import applied_catalogue
from console.kafka_topics import create_missing, wanted_topics
from console.manifests import load_folder, tell_problems
from console.reading import Reader
from console.screen import screen
from console.subjects import register, wanted_subjects
from console.surroundings import find_settings
from schemas import catalogue_topic
from schemas.catalogue import Catalogue, compile_catalogue
from schemas.manifest import Manifest
from schemas.settings import Settings


def apply(
    folder: Annotated[Path, typer.Argument(help="Folder of the manifests, one file a system.")],
) -> None:
    """Check the manifests, make topics and schemas, and publish the catalogue that all processes work by.

    Nothing is done where it stands already; run it after each change of a manifest.

    Example: lienthong apply deploy/hanoi/systems
    """
    loaded = load_folder(folder)
    if loaded.problems:
        tell_problems(loaded.problems)
        raise typer.Exit(1)
    settings = find_settings()
    previous = _published(settings)
    catalogue = _next(loaded.manifests, previous)
    made = create_missing(settings, wanted_topics(catalogue, partitions=settings.partitions))
    _tell("topics", made, "all there")
    _tell("schemas", register(settings, wanted_subjects(catalogue)), "all registered")
    if previous is not None and catalogue.revision == previous.revision:
        _tell("catalogue", [], f"revision {catalogue.revision}, unchanged")
        return
    catalogue_topic.publish(settings, catalogue)
    changes = [*_changes(catalogue, previous)]
    _tell("catalogue", [f"revision {catalogue.revision}", *changes], "")


def _published(settings: Settings) -> Catalogue | None:
    try:
        with Reader(settings) as reader:
            return applied_catalogue(settings, reader)
    except catalogue_topic.NoCatalogue:
        return None


def _next(manifests: list[Manifest], previous: Catalogue | None) -> Catalogue:
    """The catalogue of these manifests; `previous` itself where they say the same."""
    if previous is None:
        return compile_catalogue(manifests, 1)
    found = compile_catalogue(manifests, previous.revision + 1, previous=previous)
    return previous if found.manifests == previous.manifests else found


def _changes(catalogue: Catalogue, previous: Catalogue | None) -> list[str]:
    before = previous.manifests if previous else {}
    added = [f"{system} added" for system in catalogue.manifests if system not in before]
    removed = [f"{system} removed" for system in before if system not in catalogue.manifests]
    changed = [
        f"{system} changed"
        for system, manifest in catalogue.manifests.items()
        if system in before and before[system] != manifest
    ]
    return [*added, *changed, *removed]


def _tell(what: str, done: list[str], nothing: str) -> None:
    screen.print(f"[green]✔[/] {what:<10}{', '.join(done) or nothing}")
