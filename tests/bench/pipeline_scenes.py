"""What the steps are measured on: raw records in memory, as the connectors of two cities would write them."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from schemas import compose, topics
from schemas.codec import codec_for
from schemas.manifest import Manifest
from schemas.manifest_yaml import parse
from schemas.records import Entity
from schemas.registry import head_of
from streams.engine.records import Record
from streams.worker import Worker
from tests.bench.carriers.pair_manifests import SOURCE, TARGET
from tests.bench.load.people import Person, address, person, phone
from tests.unit.streams.city import worker
from tests.unit.streams.memory import MemoryBatch, MemoryKafka, MemoryRegistry

BATCH = 500
_EPOCH = date(1970, 1, 1)
_TIME = 1_760_000_000_000_000

Row = dict[str, Any]


class SilentBatch(MemoryBatch):
    """Counts what is sent instead of keeping it."""

    sent = 0

    def send(self, topic: str, key: bytes | None, value: bytes | None, **more: Any) -> None:
        type(self).sent += 1


class Part(NamedTuple):
    """Batches of one kind, in their order."""

    name: str
    batches: list[SilentBatch]


class Scene(NamedTuple):
    """A worker, and what it is given, part after part."""

    worker: Worker
    parts: list[Part]
    registry: MemoryRegistry


class _Table:
    """Writes change events of one table; `types`: its columns as the source types them."""

    def __init__(self, registry: MemoryRegistry, system: str, resource: str, types: dict[str, str]) -> None:
        fields = [{"name": name, "type": ["null", kind], "default": None} for name, kind in types.items()]
        row = {"type": "record", "name": "Row", "namespace": f"lienthong.raw.{system}.{resource}", "fields": fields}
        schema = compose.for_row(row)
        self._head = head_of(registry.register(f"raw.{system}.person-value", schema))
        self._encode = codec_for(schema).encode
        self._system, self._resource = system, f"public.{resource}"
        self._topic = topics.raw(system, "person")

    def record(self, key: str, row: Row, operation: str, *, name: str, commit: int, ours: bool | None) -> Record:
        event = {
            "operation": operation,
            "system": self._system,
            "resource": self._resource,
            "row": name,
            "previous_row": None,
            "new_key": None,
            "epoch": 1,
            "commit": 23_000_000_000 + commit * 400,
            "ordinal": commit % 10,
            "edit": 0,
            "transaction": commit,
            "source_time": _TIME + commit * 1000,
            "captured_time": _TIME + commit * 1000 + 700,
            "before": None,
            "after": row,
            "ours": ours,
        }
        return Record(self._topic, 0, commit, key.encode(), self._head + self._encode(event))


def pair(count: int, *, subscribers: int = 1, more_text: int = 0) -> Scene:
    """The benchmark's city: two tables of one system feed one entity, one subscriber, nobody speaks back.

    `subscribers` that all get the same; `more_text`: characters that each row has more.
    """
    registry = MemoryRegistry()
    types = dict.fromkeys(Person._fields, "string") | {"ngay_sinh": "int", "version": "int", "updated_at": "long"}
    tables = [_Table(registry, "nguon", f"cong_dan_{half}", types) for half in "ab"]
    chance = random.Random(1)
    people = [person(number, chance) for number in range(count)]

    def told(operation: str, first: int, changed: Callable[[Person], Person]) -> Iterator[Record]:
        for number, one in enumerate(people):
            spoken = changed(one)
            row = spoken._asdict() | {"ngay_sinh": (spoken.ngay_sinh - _EPOCH).days, "updated_at": _TIME}
            table = tables[one.so_dinh_danh >= "050"]
            key = f"citizen_id:{one.so_dinh_danh}"
            yield table.record(key, row, operation, name=one.so_dinh_danh, commit=first + number, ours=False)

    def moved(one: Person) -> Person:
        return one._replace(dia_chi=address(chance), dien_thoai=phone(chance), version=2, ghi_chu="v2" + long)

    long = "x" * more_text
    people = [one._replace(ghi_chu=one.ghi_chu + long) for one in people]
    targets = [TARGET.replace("system: dich", f"system: dich_{number}") for number in range(subscribers)]
    manifests = [_manifest(text) for text in (SOURCE, *targets)]
    told_parts = {
        "snapshot": told("read", 0, lambda one: one),
        "update of a known person": told("update", count, moved),
    }
    return _scene(worker(manifests, registry), told_parts, registry)


def city(count: int) -> Scene:
    """The five systems of `deploy/hanoi`: what civil status says goes to three others, and comes back from one."""
    registry = MemoryRegistry()
    civil = _Table(registry, "ho_tich", "cong_dan", dict.fromkeys(_CIVIL, "string"))
    population = _Table(registry, "dan_cu", "nhan_khau", dict.fromkeys(_POPULATION, "string"))

    def told(table: _Table, first: int, row_of: Callable[[int], Row], *, ours: bool) -> Iterator[Record]:
        for number in range(count):
            row = row_of(number)
            key = f"citizen_id:001090{number:06d}"
            yield table.record(key, row, "update", name=str(number), commit=first + number, ours=ours)

    manifests = [_manifest(path.read_text(encoding="utf-8")) for path in Path("deploy/hanoi/systems").glob("*.yaml")]
    told_parts = {
        "first word of a key": told(civil, 0, lambda number: _civil_row(number, 1), ours=False),
        "the other system's own row": told(population, 0, lambda number: _population_row(number, 1), ours=False),
        "update of a known person": told(civil, count, lambda number: _civil_row(number, 2), ours=False),
        "its echo from the other system": told(population, count, lambda number: _population_row(number, 2), ours=True),
    }
    return _scene(worker(manifests, registry), told_parts, registry)


def _scene(one: Worker, told: Mapping[str, Iterable[Record]], registry: MemoryRegistry) -> Scene:
    kafka = MemoryKafka(1)
    parts = []
    for name, records in told.items():
        every = list(records)
        chunks = [every[start : start + BATCH] for start in range(0, len(every), BATCH)]
        parts.append(Part(name, [SilentBatch(every[0].topic, 0, chunk, kafka.states[0], kafka) for chunk in chunks]))
    return Scene(one, parts, registry)


def _manifest(text: str) -> Manifest:
    return Manifest.model_validate(parse(text).value)


_CIVIL = (
    *("id", "so_dinh_danh", "so_cmnd", "ho_ten", "ngay_sinh", "gioi_tinh", "dan_toc", "que_quan", "noi_thuong_tru"),
    *("ma_xa", "dien_thoai", "ngay_mat", "ghi_chu"),
)
_POPULATION = (
    *("id", "so_dinh_danh", "ma_lien_thong", "so_cmnd_cu", "so_dinh_danh_cu", "ho_va_ten", "ngay_thang_nam_sinh"),
    *("gioi_tinh", "dan_toc", "que_quan", "noi_o_hien_tai", "ma_don_vi_hanh_chinh", "so_dien_thoai", "ngay_qua_doi"),
)


def _civil_row(number: int, turn: int) -> Entity:
    return {
        "id": str(number),
        "so_dinh_danh": f"001090{number:06d}",
        "so_cmnd": None,
        "ho_ten": f"Nguyễn Văn Bình {turn}",
        "ngay_sinh": "12/05/1990",
        "gioi_tinh": "1",
        "dan_toc": "Kinh",
        "que_quan": "xã Vân Hà, huyện Đông Anh, Hà Nội",
        "noi_thuong_tru": "số 12 phố Hàng Bài, phường Cửa Nam, Hà Nội",
        "ma_xa": "00070",
        "dien_thoai": f"0912{number % 1000000:06d}",
        "ngay_mat": None,
        "ghi_chu": None,
    }


def _population_row(number: int, turn: int) -> Entity:
    return {
        "id": str(number),
        "so_dinh_danh": f"001090{number:06d}",
        "ma_lien_thong": f"citizen_id:001090{number:06d}",
        "so_cmnd_cu": None,
        "so_dinh_danh_cu": None,
        "ho_va_ten": f"Nguyễn Văn Bình {turn}",
        "ngay_thang_nam_sinh": "1990-05-12",
        "gioi_tinh": "Nam",
        "dan_toc": "Kinh",
        "que_quan": "xã Vân Hà, huyện Đông Anh, Hà Nội",
        "noi_o_hien_tai": "số 12 phố Hàng Bài, phường Cửa Nam, Hà Nội",
        "ma_don_vi_hanh_chinh": "00070",
        "so_dien_thoai": None,
        "ngay_qua_doi": None,
    }
