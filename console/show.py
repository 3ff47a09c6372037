"""`lienthong show person KEY`: all that is known of one record, who says it, and who decides."""

from typing import Annotated

import typer

from console.applied import applied_catalogue
from console.decoding import Decoder
from console.finding import Found, States, find
from console.reading import Reader
from console.screen import screen
from console.show_view import record_view, showing
from console.surroundings import find_settings
from console.words import Language
from schemas.catalogue import Catalogue
from schemas.settings import Settings

show = typer.Typer(
    name="show", help="All that is known of one record, who says it, and who decides.", no_args_is_help=True
)

_Key = Annotated[
    str,
    typer.Argument(help="A whole key (citizen_id:001099012345, ho_tich#123), or a number alone: of now or of before."),
]
_Values = Annotated[bool, typer.Option("--show-values", help="Show identifiers whole.")]
_Language = Annotated[Language, typer.Option(help="vi: tiếng Việt; en: English.")]


@show.command()
def person(key: _Key, show_values: _Values = False, lang: _Language = Language.vi) -> None:  # noqa: FBT002
    """Show one person: every field, who says what, since when, who decides and why, and who holds the record.

    Any key that the person has or had will do. Identifiers are hidden in part.

    Example: lienthong show person 001099012345 --lang en
    """
    _show("person", key, lang, show_values=show_values)


@show.command()
def business(key: _Key, show_values: _Values = False, lang: _Language = Language.vi) -> None:  # noqa: FBT002
    """Show one business in the same way.

    Example: lienthong show business 0100109106
    """
    _show("business", key, lang, show_values=show_values)


@show.command("civil-status-event")
def civil_status_event(
    key: _Key,
    show_values: _Values = False,  # noqa: FBT002
    lang: _Language = Language.vi,
) -> None:
    """Show one entry of a civil status register in the same way.

    Example: lienthong show civil-status-event ho_tich#123
    """
    _show("civil_status_event", key, lang, show_values=show_values)


def _show(entity: str, key: str, language: Language, *, show_values: bool) -> None:
    catalogue, found = _find(find_settings(), entity, key, language)
    screen.print(record_view(found, showing(catalogue, entity, language, show_values=show_values)))


def _find(settings: Settings, entity: str, key: str, language: Language) -> tuple[Catalogue, Found]:
    decoder = Decoder(settings)
    with Reader(settings) as reader:
        catalogue = applied_catalogue(settings, reader)
        states = States(reader, entity, lambda value: decoder.entity_state(value, entity))
        return catalogue, find(key, states, entity=entity, language=language)
