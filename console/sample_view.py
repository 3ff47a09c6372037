"""Live records beside their canonical form: what the mapping makes of them, before anything is sent."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from console.masking import masked
from console.screen import plain_table
from schemas.compose import entity_fields
from schemas.manifest import UNICODE, Publication
from schemas.mapping import MappedIn, MappingError, compile_in
from schemas.records import Row
from schemas.rules.legacy import suspected


def sample_view(
    rows: Sequence[Row], publications: Sequence[Publication], *, entity: str, system: str, show_values: bool
) -> RenderableType:
    """One column a record, one line a field: as the system writes it, and as others will read it where it differs."""
    table = plain_table()
    table.add_column("Field", overflow="fold")
    for number in range(1, len(rows) + 1):
        table.add_column(f"Record {number}", overflow="fold", ratio=1)
    for field, canonical in entity_fields(entity).items():
        for publication in publications:
            if field in publication.fields:
                alone = publication.model_copy(update={"fields": {field: publication.fields[field]}})
                show = partial(_shown, canonical="" if show_values else canonical)
                cells = [_cell(row, alone, compile_in(alone, entity), show) for row in rows]
                column = publication.fields[field].column
                table.add_row(Text.assemble((field, "bold"), (f"\n{column}", "dim")), *cells)
    caption = (
        f"  {len(rows)} live records of {entity} as {system} writes them, → what others will read where it differs"
    )
    return Group(Text(caption), table)


def _cell(row: Row, alone: Publication, read: Callable[[Row], MappedIn], show: Callable[[Any], str]) -> Text:
    """One field of one record. `alone` publishes nothing but this field."""
    [(field, mapped)] = alone.fields.items()
    if mapped.column not in row:
        return Text(f"no column {mapped.column}", style="red")
    written = show(row[mapped.column])
    try:
        values, _, held = read(row)
    except MappingError as error:
        return Text.assemble((written, "dim"), (f"\n✖ {error.message}", "red"))
    if held:
        proposals = " or ".join(show(value) for value in held[0]["proposals"]) or "nothing that is known"
        return Text.assemble((written, "dim"), (f"\n? {held[0]['reason']}: may be {proposals}", "yellow"))
    canonical = show(values[field])
    if alone.encoding_of(field) == UNICODE and (encoding := suspected(str(row[mapped.column]))):
        return Text.assemble((written, "dim"), (f"\n? looks like {encoding}: declare `encoding: {encoding}`", "yellow"))
    return Text(written) if canonical == written else Text.assemble((written, "dim"), f"\n→ {canonical}")


def _shown(value: Any, *, canonical: str) -> str:
    return "–" if value is None else str(masked(value, canonical))
