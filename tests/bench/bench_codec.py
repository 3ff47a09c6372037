"""Microseconds that the generated codec and fastavro take for the records of the hot path.

python tests/bench/bench_codec.py
"""

import io
import timeit
from collections.abc import Callable
from typing import Any

import fastavro

from schemas import compose
from schemas.codec import codec_for, resolving_decoder

_ROUNDS = 20_000
_REPEATS = 5

_ROW = {
    "id": 123456,
    "so_dinh_danh": "001199012345",
    "so_cmnd": None,
    "ho_ten": "Nguyễn Thị Minh Khai",
    "ngay_sinh": "12/05/1990",
    "gioi_tinh": "2",
    "dan_toc": "Kinh",
    "que_quan": "Nam Đàn, Nghệ An",
    "noi_thuong_tru": "Số 12, ngõ 34 phố Huế, phường Hai Bà Trưng, Hà Nội",
    "ma_xa": "00256",
    "dien_thoai": "0912345678",
    "ngay_mat": None,
}
_PERSON = {
    "citizen_id": "001199012345",
    "full_name": "Nguyễn Thị Minh Khai",
    "birth_date": "1990-05-12",
    "sex": "female",
    "residence": "Số 12, ngõ 34 phố Huế, phường Hai Bà Trưng, Hà Nội",
    "phone": "+84912345678",
}
_TIME = 1_763_000_000_123_456


def _change() -> tuple[dict[str, Any], dict[str, Any]]:
    fields = [{"name": name, "type": ["null", "long" if name == "id" else "string"], "default": None} for name in _ROW]
    row = {"type": "record", "name": "Row", "namespace": "lienthong.raw.ho_tich.cong_dan", "fields": fields}
    position = {"epoch": 1, "commit": 23_456_789_012, "ordinal": 17, "edit": 0, "transaction": 76543}
    event = {"operation": "update", "system": "ho_tich", "resource": "public.cong_dan", "row": "123456", **position}
    times = {"source_time": _TIME, "captured_time": _TIME + 1234}
    return compose.for_row(row), {
        **event,
        **times,
        "previous_row": None,
        "new_key": None,
        "before": None,
        "after": _ROW,
    }


def _state() -> tuple[dict[str, Any], dict[str, Any]]:
    claim = {"system": "ho_tich", "resource": "public.cong_dan", "row": "123456", "epoch": 1, "commit": 23_456_789_012}
    claim |= {
        "ordinal": 17,
        "mapping": 1,
        "edit": 0,
        "source_time": _TIME,
        "values": _PERSON,
        "stated_null": ["old_id"],
        "echoed": [],
        "under": "",
        "left_to": None,
        "aliases": [],
        "formerly": [],
    }
    route = {"system": "dan_cu", "version": 3, "digest": b"0123456789abcdef", "unconfirmed": [], "texts": []}
    state = {"key": "citizen_id:001199012345", "version": 3, "status": "live", "value": _PERSON, "claims": [claim]}
    more = {
        "routes": [route],
        "moved_to": None,
        "aliases": [],
        "source_time": _TIME,
        "changed_time": _TIME,
        "revision": 1,
        "links": [],
    }
    return compose.for_entity("entity_state", "person"), state | more


def _delivery() -> tuple[dict[str, Any], dict[str, Any]]:
    delivery = {"operation": "upsert", "key": "citizen_id:001199012345", "version": 3, "moved_to": None}
    delivery |= {"fields": _PERSON, "origin": "ho_tich", "event_id": "ho_tich/public.cong_dan/1/575db4694/17"}
    times = {"source_time": _TIME, "routed_time": _TIME + 4321, "revision": 1}
    return compose.for_entity("delivery", "person"), delivery | times


def _microseconds(call: Callable[[], Any]) -> float:
    return min(timeit.repeat(call, number=_ROUNDS, repeat=_REPEATS)) / _ROUNDS * 1e6


def _bench(name: str, schema: dict[str, Any], record: dict[str, Any]) -> None:
    codec, parsed = codec_for(schema), fastavro.parse_schema(schema)
    wider = {**schema, "fields": [*schema["fields"], {"name": "added", "type": "long", "default": 0}]}
    resolve, parsed_wider = resolving_decoder(schema, wider), fastavro.parse_schema(wider)

    def written() -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, parsed, record)
        return out.getvalue()

    data = written()
    assert codec.encode(record) == data
    assert codec.decode(data) == fastavro.schemaless_reader(io.BytesIO(data), parsed, None)
    rows = {
        "encode": (lambda: codec.encode(record), written),
        "decode": (lambda: codec.decode(data), lambda: fastavro.schemaless_reader(io.BytesIO(data), parsed, None)),
        "resolve": (
            lambda: resolve(data),
            lambda: fastavro.schemaless_reader(io.BytesIO(data), parsed, parsed_wider),
        ),
    }
    for work, (ours, theirs) in rows.items():
        mine, other = _microseconds(ours), _microseconds(theirs)
        print(
            f"{name:14} {len(data):5} bytes  {work:8} {mine:7.2f} µs   fastavro {other:7.2f} µs   {other / mine:4.1f} ×"
        )


if __name__ == "__main__":
    _bench("change event", *_change())
    _bench("entity state", *_state())
    _bench("delivery", *_delivery())
