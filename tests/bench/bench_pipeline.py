"""Microseconds per event of the steps alone: an update of a known person, its state, one delivery. No Kafka.

python -m tests.bench.bench_pipeline [events] [--profile]
"""

import argparse
import cProfile
import pstats
import time
from pathlib import Path
from typing import Any

from schemas import topics
from schemas.manifest import Manifest
from schemas.manifest_yaml import parse
from streams.worker import Worker
from tests.unit.streams.city import worker
from tests.unit.streams.memory import MemoryBatch, MemoryKafka, MemoryRegistry, RawWriter

BATCH = 500
COLUMNS = (
    *("id", "so_dinh_danh", "so_cmnd", "ho_ten", "ngay_sinh", "gioi_tinh", "dan_toc", "que_quan", "noi_thuong_tru"),
    *("ma_xa", "dien_thoai", "ngay_mat", "ghi_chu"),
)


class SilentBatch(MemoryBatch):
    """Counts what is sent instead of keeping it."""

    sent = 0

    def send(self, topic: str, key: bytes | None, value: bytes | None, **more: Any) -> None:
        type(self).sent += 1


def event(number: int, commit: int) -> dict[str, Any]:
    row = {
        "id": str(number),
        "so_dinh_danh": f"001090{number:06d}",
        "so_cmnd": None,
        "ho_ten": f"Nguyễn Văn Bình {commit % 7}",
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
    return {
        "operation": "update",
        "system": "ho_tich",
        "resource": "public.cong_dan",
        "row": str(number),
        "previous_row": None,
        "new_key": None,
        "epoch": 1,
        "commit": commit,
        "ordinal": 1,
        "edit": 0,
        "transaction": commit,
        "source_time": 1_760_000_000_000_000 + commit,
        "captured_time": 1_760_000_000_000_000 + commit,
        "before": row,
        "after": row,
    }


def _manifest(path: Path) -> Manifest:
    return Manifest.model_validate(parse(path.read_text(encoding="utf-8")).value)


def batches(events: int) -> tuple[Worker, list[SilentBatch]]:
    """Two updates of each of `events / 2` persons, in batches."""
    registry, kafka = MemoryRegistry(), MemoryKafka(1)
    writer = RawWriter(registry, "ho_tich", COLUMNS)
    topic = topics.raw("ho_tich", "person")
    for turn in range(2):
        for number in range(events // 2):
            kafka.append(
                topic, f"citizen_id:001090{number:06d}".encode(), writer(event(number, turn * events + number))
            )
    manifests = [_manifest(path) for path in Path("deploy/hanoi/systems").glob("*.yaml")]
    made = [kafka.batch(topic, 0, start, BATCH) for start in range(0, events, BATCH)]
    return worker(manifests, registry), [SilentBatch(b.topic, 0, b.records, b.state, kafka) for b in made]


def _microseconds(one: Worker, batch: SilentBatch) -> float:
    started = time.process_time()
    one.process(batch)
    return (time.process_time() - started) / len(batch.records) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("events", nargs="?", type=int, default=20_000)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    one, made = batches(arguments.events)
    half = len(made) // 2
    for name, part in (("first word of a key", made[:half]), ("update of a known key", made[half:])):
        timings = sorted(_microseconds(one, batch) for batch in part)
        print(f"{name}: best batch {timings[0]:.1f} us an event, median {timings[len(timings) // 2]:.1f}")
    assert SilentBatch.sent >= arguments.events
    if arguments.profile:
        one, made = batches(arguments.events)
        profile = cProfile.Profile()
        profile.runcall(lambda: [one.process(batch) for batch in made])
        pstats.Stats(profile).sort_stats("tottime").print_stats(18)


if __name__ == "__main__":
    main()
