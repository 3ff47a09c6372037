"""Which rule reads and writes each canonical format. (Provisional bodies until schemas/rules is there.)"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

Convert = Callable[[Any], Any]


class RuleError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def valid_identifier(kind: str) -> Callable[[Any], str | None]:
    """The function from a column's value to a valid identifier of this kind, or None."""
    digits = {"citizen_id": 12, "old_id": 9}[kind]

    def valid(value: Any) -> str | None:
        text = str(value).strip() if value is not None else ""
        return text if len(text) == digits and text.isascii() and text.isdigit() else None

    return valid


def reader(canonical: str, spelled: str | None, codes: Mapping[str, str] | None) -> Convert:
    """From a system's value (never None) to the canonical one; None where it is empty. Raises RuleError."""
    if codes is not None:
        table = dict(codes)

        def coded(value: Any) -> Any:
            text = str(value).strip()
            if not text:
                return None
            if text not in table:
                raise RuleError("unknown_code", "the code is not in the manifest's `codes`; add it there")
            return table[text]

        return coded
    if canonical == "date":
        return lambda value: _date_in(value, spelled)
    if canonical in ("citizen_id", "old_id"):
        valid = valid_identifier(canonical)

        def identified(value: Any) -> str | None:
            if not str(value).strip():
                return None
            found = valid(value)
            if found is None:
                raise RuleError(f"bad_{canonical}", "wrong number of digits; correct it in the source system")
            return found

        return identified
    if canonical == "phone":
        return _phone_in
    return _text_in


def writer(canonical: str, spelled: str | None, codes: Mapping[str, str] | None) -> Convert:
    """From the canonical value (never None) to text as the target spells it. Raises RuleError."""
    if codes is not None:
        table: dict[str, str] = {}
        for code, value in codes.items():
            table.setdefault(value, code)

        def coded(value: Any) -> str:
            if value not in table:
                raise RuleError("unknown_code", "the value has no code in the manifest's `codes`; add it there")
            return table[value]

        return coded
    if canonical == "date" and spelled == "dd/MM/yyyy":
        return lambda value: "/".join(reversed(value.split("-")))
    if canonical == "phone" and spelled == "local":
        return lambda value: "0" + value.removeprefix("+84")
    return lambda value: value


def _text_in(value: Any) -> str | None:
    return " ".join(unicodedata.normalize("NFC", str(value)).split()) or None


def _phone_in(value: Any) -> str | None:
    digits = re.sub(r"\D", "", str(value))
    if not digits:
        return None
    return "+84" + digits.removeprefix("84").removeprefix("0")


def _date_in(value: Any, spelled: str | None) -> str | None:
    if isinstance(value, int):
        return (date(1970, 1, 1) + timedelta(days=value)).isoformat()
    text = str(value).strip()
    if not text:
        return None
    if re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", text):
        return text
    if spelled == "dd/MM/yyyy" and re.fullmatch(r"\d\d/\d\d/\d{4}", text):
        return "-".join(reversed(text.split("/")))
    raise RuleError("bad_date", f"not a date in the form {spelled or 'yyyy-MM-dd'}; correct it in the source system")


def identifier_kinds() -> frozenset[str]:
    """Kinds of identifiers that can make an entity key."""
    return frozenset({"citizen_id", "old_id"})


def spellings(canonical: str) -> frozenset[str]:
    """Names of `format` that a field of this canonical format may have in a system; empty where there is but one."""
    return {
        "date": frozenset({"yyyy-MM-dd", "dd/MM/yyyy"}),
        "phone": frozenset({"e164", "local"}),
    }.get(canonical, frozenset())


def canonical_values(canonical: str) -> frozenset[str] | None:
    """What a code may mean; None where any text will do."""
    return frozenset({"male", "female", "other"}) if canonical == "sex" else None
