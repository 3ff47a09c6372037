"""Which rule reads and writes each canonical format, and which spellings a manifest may name for it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from schemas.rules import RuleError, dates, identifiers, phones, wards
from schemas.rules.codes import WORDS, code_reader, code_writer, word_reader
from schemas.rules.errors import shape
from schemas.rules.legacy import legacy_decoder
from schemas.rules.names import full_name
from schemas.rules.text import clean_text

#: From one spelling of a value to another; raises RuleError.
Convert = Callable[[Any], Any]

_IDENTIFIERS: Final[dict[str, Convert]] = {
    "citizen_id": identifiers.citizen_id,
    "old_id": identifiers.old_id,
    "tax_code": identifiers.tax_code,
    "business_code": identifiers.business_code,
    "dossier_code": identifiers.dossier_code,
    "agency_code": identifiers.agency_code,
}
#: Canonical formats that are dates, each with a sample.
_DATES: Final = {"date": "2000-01-31", "year": "2000"}
_SPELLINGS: Final = {
    "date": dates.FORMATS,
    "year": dates.FORMATS,
    "phone": phones.FORMATS,
    "ward": wards.FORMATS,
}
#: What a source types as a date lies within 32 bits of days; what it types as a time, in microseconds, beyond.
_DAYS: Final = 2**31
_DIGITS_ALONE: Final = frozenset({"yyyy", "yyyyMMdd", "yyyyMMddHHmm", "yyyyMMddHHmmss"})
#: So many spellings of dates a reader remembers, of a hundred bytes or so each.
_KNOWN_DAYS: Final = 32_768
_WALL_CLOCK: Final = "yyyy-MM-dd HH:mm:ss"


def identifier_kinds() -> frozenset[str]:
    """Kinds of identifiers that can make an entity key."""
    return frozenset(_IDENTIFIERS)


def spellings(canonical: str) -> frozenset[str]:
    """Names of `format` that a column read into this canonical format may have; empty where there is but one way."""
    return _SPELLINGS.get(canonical, frozenset())


def written_spellings(canonical: str) -> frozenset[str]:
    """Those of `spellings` in which a value can be written, too."""
    if canonical == "ward":
        # Of a new ward nobody knows which of the old ones an address lay in.
        return frozenset({wards.NEW_CODES})
    if canonical not in _DATES:
        return spellings(canonical)
    return frozenset(spelled for spelled in dates.FORMATS if _can_write(_DATES[canonical], spelled))


def _can_write(sample: str, spelled: str) -> bool:
    try:
        dates.render_date(sample, spelled)
    except RuleError:
        return False
    return True


def canonical_values(canonical: str) -> frozenset[str] | None:
    """What a code may mean; None where any text will do."""
    return WORDS.get(canonical)


def valid_identifier(kind: str) -> Callable[[Any], str | None]:
    """The function from a column's value to the identifier of this kind in it, or None where it holds no valid one."""
    rule = _IDENTIFIERS[kind]

    def valid(value: Any) -> str | None:
        if value is None or value == "":
            return None
        try:
            return str(rule(value))
        except RuleError:
            return None

    return valid


def reader(canonical: str, spelled: str | None, codes: Mapping[str, str] | None) -> Convert:
    """From a system's value, neither None nor blank, to the canonical one; None where nothing is left of it."""
    if codes is not None:
        return code_reader(codes)
    if canonical == "date":
        return _date_reader(spelled or "iso")
    if canonical == "year":
        return _year_reader(spelled or "iso")
    if canonical == "ward":
        return wards.ward_reader(spelled or wards.NEW_CODES)
    return _READERS.get(canonical, _text)


def decoding(encoding: str, convert: Convert) -> Convert:
    """The same conversion of text of a legacy encoding, as bytes or as a driver shows it that took it for Latin-1.

    ASCII means the same in all of them. It raises RuleError bad_encoding.
    """
    decode = legacy_decoder(encoding)

    def read(value: Any) -> Any:
        if isinstance(value, bytes) or (type(value) is str and not value.isascii()):
            value = decode(value)
        return convert(value)

    return read


def writer(canonical: str, spelled: str | None, codes: Mapping[str, str] | None) -> Convert:
    """From the canonical value, never None, to text as the target spells it; dates and phones in canonical form
    unless another format is named."""
    if codes is not None:
        return code_writer(codes)
    if canonical in _DATES:
        return dates.date_writer(spelled or "iso")
    if canonical == "phone":
        return phones.phone_writer(spelled or "e164")
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> str | None:
    if type(value) is str:
        return clean_text(value) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise RuleError("not_text", f"a value of type {type(value).__name__}; map a column of text or numbers")


_READERS: Final[dict[str, Convert]] = {
    **_IDENTIFIERS,
    "name": full_name,
    "phone": phones.phone,
    **{canonical: word_reader(canonical) for canonical in WORDS},
    "province": identifiers.province_code,
}


def canonical_formats() -> frozenset[str]:
    """Every `format` that a field of an entity may have in its schema."""
    return frozenset({*_READERS, *_DATES, "text", "ward"})


def _date_reader(spelled: str) -> Convert:
    # There are no more days than this in a human life: most are met again and again.
    read = lru_cache(maxsize=_KNOWN_DAYS)(dates.date_reader(spelled))
    from_days = lru_cache(maxsize=_KNOWN_DAYS)(dates.date_from_days)

    def date_of(value: Any) -> str:
        if type(value) is str:
            return read(value)
        if type(value) is not int:
            raise RuleError("bad_date", f"a value of type {type(value).__name__}; map a column of text, dates or times")
        if spelled in _DIGITS_ALONE:
            return read(str(value))
        if -_DAYS <= value < _DAYS:
            return from_days(value)
        return _wall_clock_date(value) if spelled == _WALL_CLOCK else dates.date_from_microseconds(value)

    return date_of


def _year_reader(spelled: str) -> Convert:
    """Of a date the year alone, where no more is anybody's business."""
    read = _date_reader(spelled)
    return lambda value: read(value)[:4]


def _wall_clock_date(microseconds: int) -> str:
    """The date of a time without a zone: as the clock on the wall shows it."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    except OverflowError:
        raise RuleError("infinite_date", f"{shape(microseconds)}, infinity; it is no date of a person") from None
    return dates.parse_date(moment.date().isoformat())
