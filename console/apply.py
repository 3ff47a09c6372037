"""`lienthong apply`: makes the city as its manifests say, while it runs; what that changes is told first."""

import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from console.applied import applied_catalogue
from console.decoding import PATIENCE_SECONDS
from console.difference import Difference, differences, is_removing, touched
from console.kafka_topics import create_missing, wanted_topics
from console.live_line import LiveLine
from console.manifests import load_folder, tell_problems
from console.reading import Reader
from console.screen import screen, troubles
from console.subjects import register, wanted_subjects
from console.surroundings import find_settings
from schemas import catalogue_topic, compose
from schemas.catalogue import Catalogue, compile_catalogue
from schemas.catalogue_topic import Marker
from schemas.manifest import Manifest
from schemas.registry import Registry, Writer
from schemas.settings import Settings
from schemas.topics import identify
from streams.walk_markers import reproject

#: 2020-01-01. A city that begins, or begins again on an empty Kafka, gives greater versions than it ever gave before:
#: no record has changed more often than once a second, year after year.
_SINCE: Final = 1_577_836_800


def apply(
    folder: Annotated[Path, typer.Argument(help="Folder of the manifests, one file a system.")],
    dry_run: Annotated[bool, typer.Option(help="Only tell what would change.")] = False,  # noqa: FBT002
    yes: Annotated[bool, typer.Option(help="Do not ask before anything is taken away.")] = False,  # noqa: FBT002
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait until what is taken away is needed no more.")
    ] = 60,
) -> None:
    """Check the manifests, tell what they change, make topics and schemas, and publish the catalogue.

    Everything may run meanwhile: workers switch at a marker in each partition, connectors start again by their new
    manifest. What a system that is taken out leaves behind is removed at the end. Nothing is done where it stands
    already; run it after each change of a manifest.

    Example: lienthong apply deploy/hanoi/systems
    """
    loaded = load_folder(folder)
    if loaded.problems:
        tell_problems(loaded.problems)
        raise typer.Exit(1)
    settings = find_settings()
    previous = _published(settings)
    catalogue = _next(loaded.manifests, previous)
    found = differences(previous, catalogue)
    _tell_differences(found, catalogue, previous)
    if dry_run:
        return
    if is_removing(found) and not yes:
        _confirm()
    _tell("topics", create_missing(settings, wanted_topics(catalogue, partitions=settings.partitions)), "all there")
    _tell("schemas", register(settings, wanted_subjects(catalogue)), "all registered")
    _publish(settings, catalogue, previous)
    if catalogue.tenure.leaving:
        _clean(settings, catalogue, seconds=wait)


def _published(settings: Settings) -> Catalogue | None:
    try:
        with Reader(settings) as reader:
            return applied_catalogue(settings, reader)
    except catalogue_topic.NoCatalogue:
        return None


def _next(manifests: list[Manifest], previous: Catalogue | None) -> Catalogue:
    """The catalogue of these manifests; `previous` itself where they say the same."""
    if previous is None:
        return compile_catalogue(manifests, 1, versions_from=int(time.time()) - _SINCE)
    found = compile_catalogue(manifests, previous.revision + 1, previous=previous)
    return previous if found.manifests == previous.manifests else found


def _tell_differences(found: list[Difference], catalogue: Catalogue, previous: Catalogue | None) -> None:
    if catalogue is previous and not found:
        screen.print(f"nothing changes: revision {catalogue.revision} says the same")
        return
    screen.print(f"revision {catalogue.revision}:")
    for each in found:
        screen.print(each.told(), soft_wrap=True)


def _confirm() -> None:
    """Raises typer.Exit where a person says no, or none can be asked."""
    if not sys.stdin.isatty():
        troubles.print("nothing was done: this takes away what is there now, and nobody can be asked; add --yes")
        raise typer.Exit(1)
    typer.confirm("Go on?", abort=True)


def _publish(settings: Settings, catalogue: Catalogue, previous: Catalogue | None) -> None:
    if previous is not None and catalogue.revision == previous.revision:
        _tell("catalogue", [], f"revision {catalogue.revision}, unchanged")
        return
    entities = touched(previous, catalogue)
    markers = [each for entity in entities for each in _markers(settings, entity, catalogue.revision)]
    catalogue_topic.publish(settings, catalogue, markers)
    again = [f"every {entity} is looked at again" for entity in entities]
    _tell("catalogue", [f"revision {catalogue.revision}", *again], "")


def _markers(settings: Settings, entity: str, revision: int) -> list[Marker]:
    """One for each partition of the entity: behind it the new catalogue counts."""
    topic = identify(entity)
    registry = Registry(settings.registry, patience=PATIENCE_SECONDS)
    writer = Writer(registry, f"{topic}-value", compose.for_entity("forward", entity))
    value = writer.encode(reproject(revision, at=time.time_ns() // 1000))
    return [Marker(topic, partition, value) for partition in range(settings.partitions)]


def _clean(settings: Settings, catalogue: Catalogue, *, seconds: float) -> None:
    from console.left_behind import Cleaner  # noqa: PLC0415 - the account's database is far to fetch, and seldom needed

    with Reader(settings) as reader, LiveLine() as line:
        cleaner = Cleaner(settings, reader, tell=lambda told: screen.print(told, soft_wrap=True), wait=line.show)
        cleaner.clean(catalogue, seconds=seconds)


def _tell(what: str, done: list[str], nothing: str) -> None:
    screen.print(f"[green]✔[/] {what:<10}{', '.join(done) or nothing}")
