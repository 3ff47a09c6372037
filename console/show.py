"""`lienthong show person KEY`: all that is known of one person, who says it, and who decides."""

from typing import Annotated

import typer

from console.applied import applied_catalogue
from console.decoding import Decoder
from console.errors import ConsoleError
from console.partitioner import partition_of
from console.reading import BEGINNING, Reader
from console.screen import screen
from console.show_view import state_view
from console.surroundings import find_settings
from schemas import topics
from schemas.catalogue import Catalogue
from schemas.identity import identified
from schemas.records import EntityState
from schemas.settings import Settings

show = typer.Typer(
    name="show", help="All that is known of one record, who says it, and who decides.", no_args_is_help=True
)

_IDENTIFIER_OF_LENGTH = {12: "citizen_id"}


@show.callback()
def _group() -> None:
    """Keeps `person` a word of its own while it is the only one."""


@show.command()
def person(
    key: Annotated[str, typer.Argument(help="citizen_id:001099012345, the bare number, or ho_tich#123.")],
    show_values: Annotated[bool, typer.Option("--show-values", help="Show identifiers whole.")] = False,  # noqa: FBT002
) -> None:
    """Print the state of one person: every field, who says what, since when, and who decides.

    Example: lienthong show person ho_tich#123
    """
    settings = find_settings()
    key = whole_key(key)
    catalogue, state = _read(settings, "person", key)
    screen.print(state_view(state, catalogue, entity="person", show_values=show_values))


def whole_key(text: str) -> str:
    """The entity key that was meant: a bare number of 12 digits is a citizen id."""
    text = text.strip()
    kind = _IDENTIFIER_OF_LENGTH.get(len(text)) if text.isdigit() else None
    return identified(kind, text) if kind else text


def _read(settings: Settings, entity: str, key: str) -> tuple[Catalogue, EntityState]:
    """The last state of the key. Raises ConsoleError where there never was one."""
    topic = topics.state(entity)
    value: bytes | None = None
    with Reader(settings) as reader:
        catalogue = applied_catalogue(settings, reader)
        partitions = reader.topics().get(topic, 0)
        place = (topic, partition_of(key, partitions=max(1, partitions)))
        for record in reader.to_the_end({place: BEGINNING} if partitions else {}):
            if record.key == key.encode():
                value = record.value
    if value is None:
        raise ConsoleError(
            f"looking for {key!r} in {topic}: nothing is known under this key; "
            "write citizen_id:<12 digits>, or <system>#<its own number> for a record without citizen id"
        )
    return catalogue, Decoder(settings).entity_state(value, entity)
