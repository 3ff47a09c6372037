"""A small city for the console's tests: two systems and the records that they leave in Kafka."""

from typing import Any

from schemas.catalogue import Catalogue, compile_catalogue
from schemas.manifest import Manifest
from schemas.records import Claim, ConnectorState, DeadLetter, EntityState, Outcome, Phase, Result

HO_TICH: dict[str, Any] = {
    "system": "ho_tich",
    "cadence": "10s",
    "connect": {"kind": "postgres", "dsn": "${file:ho_tich_dsn}"},
    "publishes": {
        "person": {
            "from": "public.cong_dan",
            "key": {"citizen_id": "so_dinh_danh", "else": "id"},
            "fields": {
                "citizen_id": "so_dinh_danh",
                "full_name": "ho_ten",
                "birth_date": {"from": "ngay_sinh", "format": "dd/MM/yyyy"},
                "sex": {"from": "gioi_tinh", "codes": {"1": "male", "2": "female"}},
                "residence": "dia_chi",
                "death_date": {"from": "ngay_mat", "format": "dd/MM/yyyy"},
                "note": "ghi_chu",
            },
            "owns": ["full_name", "birth_date", "sex", "residence", "death_date", "existence"],
        }
    },
}
DAN_CU: dict[str, Any] = {
    "system": "dan_cu",
    "cadence": "10s",
    "connect": {"kind": "postgres", "dsn": "${file:dan_cu_dsn}"},
    "subscribes": {
        "person": {
            "into": "public.nhan_khau",
            "key": {"ma": "key"},
            "fields": {
                "so_dinh_danh": "citizen_id",
                "ho_va_ten": "full_name",
                "ngay_sinh": "birth_date",
                "gioi_tinh": {"from": "sex", "codes": {"Nam": "male", "Nữ": "female"}},
                "ngay_mat": "death_date",
            },
            "purpose": "cập nhật",
        }
    },
}


def catalogue(*manifests: dict[str, Any]) -> Catalogue:
    """Of these manifests; of both systems where none is given."""
    return compile_catalogue(map(Manifest.model_validate, manifests or (HO_TICH, DAN_CU)), 7)


def outcome(result: Result, system: str, topic: str, **more: Any) -> Outcome:
    """One outcome of `person`; the range is of one record unless `more` says otherwise."""
    found = Outcome(
        result=result,
        system=system,
        entity="person",
        topic=topic,
        partition=0,
        first=0,
        last=0,
        epoch=0,
        count=1,
        reason=None,
        event_id=None,
        oldest_source_time=0,
        newest_source_time=0,
        time=0,
        process="test",
        field=None,
    )
    found.update(more)  # type: ignore[typeddict-item]  # the tests' own fields
    return found


def word(role: Any, system: str, phase: Phase, *, time: int, message: str = "") -> ConnectorState:
    """The last word of a connector, at `time` microseconds since 1970."""
    return ConnectorState(
        role=role,
        system=system,
        generation=1,
        epoch=1,
        phase=phase,
        detail="",
        message=message,
        time=time,
        resync=None,
    )


def dead_letter(letter_id: str, **more: Any) -> DeadLetter:
    """One dead letter of a bad birth date in ho_tich."""
    found = DeadLetter(
        id=letter_id,
        system="ho_tich",
        entity="person",
        stage="normalise",
        reason="bad_date",
        message="not a date in the form dd/MM/yyyy; correct it in the source system",
        field="birth_date",
        event_id="ho_tich/public.cong_dan/1/ff/1",
        trace_id="0" * 32,
        topic="raw.ho_tich.person",
        partition=0,
        offset=5,
        time=1_000_000,
        revision=1,
        key_id="k",
        payload=None,
    )
    found.update(more)  # type: ignore[typeddict-item]  # the tests' own fields
    return found


def claim(system: str, values: dict[str, Any] | None, **more: Any) -> Claim:
    """What one row of a system says."""
    found = Claim(
        system=system,
        resource="public.bang",
        row="1",
        epoch=1,
        commit=1,
        ordinal=1,
        mapping=1,
        edit=0,
        source_time=1_700_000_000_000_000,
        values=values,
        stated_null=[],
        echoed=[],
        under="",
        left_to=None,
        aliases=[],
        formerly=[],
        held=[],
    )
    found.update(more)  # type: ignore[typeddict-item]  # the tests' own fields
    return found


def state(key: str, *claims: Claim, **more: Any) -> EntityState:
    """The state of one key with these claims; the first one's values are the golden record."""
    found = EntityState(
        key=key,
        version=3,
        status="live",
        value=claims[0]["values"] if claims else None,
        claims=list(claims),
        routes=[{"system": "dan_cu", "version": 3, "digest": b"x", "unconfirmed": [], "texts": []}],
        moved_to=None,
        aliases=[],
        source_time=1_700_000_000_000_000,
        changed_time=1_700_000_000_000_000,
        revision=7,
        links=[],
    )
    found.update(more)  # type: ignore[typeddict-item]  # the tests' own fields
    return found
