"""`lienthong trace person KEY`: where is it, and why not there?"""

from typing import Annotated

import typer

from console.applied import applied_catalogue
from console.decoding import Decoder
from console.errors import ConsoleError
from console.finding import States, find, possible_keys
from console.reading import Reader
from console.screen import screen
from console.show_view import showing
from console.store.database import connect, store_dsn
from console.surroundings import find_settings
from console.trace_view import trace_view
from console.tracing.gather import Scene, gather, raw_records
from console.tracing.lookups import Lookups
from console.tracing.sweep import Sweep
from console.words import Language
from schemas import compose, registry
from schemas.records import EntityState
from streams.merge import unknown


def trace(
    entity: Annotated[str, typer.Argument(help="person, business or civil-status-event.")],
    key: Annotated[str, typer.Argument(help="A whole key (citizen_id:001099012345, ho_tich#123), or a number alone.")],
    show_values: Annotated[bool, typer.Option("--show-values", help="Show identifiers whole.")] = False,  # noqa: FBT002
    lang: Annotated[Language, typer.Option(help="vi: tiếng Việt; en: English.")] = Language.vi,
) -> None:
    """Show where a record is, and why not elsewhere: a sentence a subscriber, then every step with time and place.

    Any key that the record has or had will do. Identifiers are hidden in part.

    Example: lienthong trace person 001099012345 --lang en
    """
    settings, name = find_settings(), entity.replace("-", "_")
    decoder = Decoder(settings)
    with Reader(settings) as reader, Sweep(settings) as sweep, connect(store_dsn(settings)) as connection:
        catalogue = applied_catalogue(settings, reader)
        if name not in catalogue.entities():
            raise ConsoleError(f"tracing a record of {entity}: write one of {', '.join(catalogue.entities())}")
        states = States(reader, name, lambda value: decoder.entity_state(value, name))
        read = registry.Decoder(registry.Registry(settings.registry), compose.for_entity("delivery", name)).decode
        scene = Scene(catalogue, name, sweep, Lookups(connection), decoder, read, reader.topics())
        state = _state(key, states, scene, lang)
        journey = gather(state, scene)
    screen.print(trace_view(state["key"], journey, showing(catalogue, name, lang, show_values=show_values)))


def _state(asked: str, states: States, scene: Scene, language: Language) -> EntityState:
    """Also of a record of which nothing was accepted yet: all that it has are changes that were refused, or wait."""
    try:
        return find(asked, states, entity=scene.entity, language=language).state
    except ConsoleError:
        for key in possible_keys(asked.strip(), scene.entity):
            if raw_records(unknown(key), scene):
                return unknown(key)
        raise
