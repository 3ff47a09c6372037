"""Between a system's rows and canonical entities, both ways, as its manifest says. Compiled once, run per record."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from schemas import compose, identity
from schemas.conversions import Convert, decoding, reader, writer
from schemas.errors import SchemasError
from schemas.key_columns import key_readers
from schemas.manifest import OWN, UNICODE, WHOLE_KEY, Publication, Subscription
from schemas.records import Entity, HeldField, Row
from schemas.rules import HeldValue, RuleError


class MappingError(SchemasError):
    """One value that cannot be mapped. `reason` is a stable code; the message never holds the value."""

    def __init__(self, *, field: str, column: str, reason: str, message: str) -> None:
        super().__init__(f"{field} from column {column}: {message}")
        self.field = field
        self.column = column
        self.reason = reason
        self.message = message


class MappedIn(NamedTuple):
    """`values` holds the mapped fields only, canonical or None; `stated_null` names those that the row states empty.

    `held`: fields whose value a person must settle; the row is silent about them.
    """

    values: Entity
    stated_null: list[str]
    held: Sequence[HeldField] = ()


class Stated(NamedTuple):
    """`aliases`: keys that a row states to be the same entity. `formerly`: provisional keys that it went by before."""

    aliases: tuple[str, ...]
    formerly: tuple[str, ...]


def compile_in(publication: Publication, entity: str) -> Callable[[Row], MappedIn]:
    """The function from a source row to canonical values. It raises MappingError for the first bad value."""
    formats = compose.entity_fields(entity)
    plan: list[tuple[str, str, Convert]] = [
        (field, mapped.column, _reader(publication, field, formats[field]))
        for field, mapped in publication.fields.items()
    ]

    def map_in(row: Row) -> MappedIn:
        values: Entity = {}
        stated_null: list[str] = []
        held: list[HeldField] = []
        for field, column, convert in plan:
            if column not in row:
                raise _missing_column(publication, field, column, place=f"fields: {field}")
            value = row[column]
            # Blank text states that there is nothing, just as NULL does.
            if value is not None and (type(value) is not str or value.strip()):
                try:
                    values[field] = value = convert(value)
                except HeldValue as doubt:
                    values[field] = None
                    held.append({"field": field, "reason": doubt.code, "proposals": [*doubt.proposals]})
                    continue
                except RuleError as error:
                    raise _bad_value(error, field, column) from None
                if value is not None:
                    continue
            values[field] = None
            stated_null.append(field)
        return MappedIn(values, stated_null, held or ())

    return map_in


def _reader(publication: Publication, field: str, canonical: str) -> Convert:
    mapped, encoding = publication.fields[field], publication.encoding_of(field)
    convert = reader(canonical, mapped.format, mapped.codes)
    return convert if encoding == UNICODE else decoding(encoding, convert)


def compile_out(subscription: Subscription, entity: str) -> Callable[[Entity], Row]:
    """The function from a golden record to the target's columns, as text. It raises MappingError."""
    formats = compose.entity_fields(entity)
    plan: list[tuple[str, str, Convert]] = [
        (column, mapped.field, writer(formats[mapped.field], mapped.format, mapped.codes))
        for column, mapped in subscription.fields.items()
    ]

    def map_out(record: Entity) -> Row:
        row: Row = {}
        for column, field, convert in plan:
            value = record.get(field)
            if value is not None:
                try:
                    value = convert(value)
                except RuleError as error:
                    raise _bad_value(error, field, column) from None
            row[column] = value
        return row

    return map_out


def key_in(publication: Publication, system: str) -> Callable[[Row], str]:
    """The function from a source row to its entity key. It raises MappingError where nothing names the row."""
    otherwise, readers = publication.key.otherwise, key_readers(publication.key.identifiers)

    def key(row: Row) -> str:
        for column, read in readers:
            found = read(row.get(column))
            if found is not None:
                return found
        name = row.get(otherwise)
        if name is None:
            raise _no_key(otherwise)
        return identity.local(system, str(name))

    return key


def stated_in(publication: Publication, owned: Collection[str]) -> Callable[[Row, str], Stated] | None:
    """The function from a row and its key to what else it states to be the same entity; None where it never does.

    Only rows keyed by an identifier that the system is the authority for (`owned`: kinds) state anything. A provisional
    key that stands in a key column is one that the entity went by before. A shared key there says nothing: Liên thông
    writes that column itself, and it lags behind the row's own number. The function raises MappingError where a column
    is missing.
    """
    lower = key_readers(i for i in publication.key.identifiers if i[0] != WHOLE_KEY)
    further = key_readers((kind, column) for column, kind in publication.also.items())
    whole = key_readers(i for i in publication.key.identifiers if i[0] == WHOLE_KEY)
    columns = [*publication.key.columns, *publication.also]
    if not owned or len(lower) + len(further) + len(whole) < 2:
        return None

    def stated(row: Row, key: str) -> Stated:
        if identity.kind_of(key) not in owned:
            return Stated((), ())
        for column in columns:
            if column not in row:
                raise _missing_column(publication, "key", column)
        aliases = _found([*lower, *further], row, key)
        return Stated(aliases, tuple(name for name in _found(whole, row, key) if identity.kind_of(name) is None))

    return stated


def _found(readers: list[tuple[str, Callable[[object], str | None]]], row: Row, key: str) -> tuple[str, ...]:
    names = dict.fromkeys(read(row[column]) for column, read in readers)
    return tuple(name for name in names if name is not None and name != key)


def key_out(subscription: Subscription) -> Callable[[str], Row | None]:
    """The function from a delivery's key to the target's key column; None where the key is of a kind it cannot hold."""
    column, kind = subscription.key.column, subscription.key.kind
    if kind == WHOLE_KEY:
        return lambda key: {column: key}

    if kind == OWN:

        def own_row(key: str) -> Row | None:
            row = identity.local_row(key)
            return None if row is None else {column: row}

        return own_row

    def bare(key: str) -> Row | None:
        found = identity.identifier(key, kind)
        return None if found is None else {column: found}

    return bare


def _bad_value(error: RuleError, field: str, column: str) -> MappingError:
    return MappingError(field=field, column=column, reason=error.code, message=str(error))


def _missing_column(publication: Publication, field: str, column: str, *, place: str = "also") -> MappingError:
    return MappingError(
        field=field,
        column=column,
        reason="missing_column",
        message=f"{publication.resource} has no such column; correct `{place}` in the manifest",
    )


def _no_key(column: str) -> MappingError:
    return MappingError(
        field="key",
        column=column,
        reason="missing_key",
        message="neither an identifier nor this column names the row; correct `key: else` in the manifest",
    )
