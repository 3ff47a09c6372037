"""The `lienthong` command against real servers."""

import json
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from console.backlog import workers_group
from schemas import topics
from schemas.kafka import consumer_settings
from schemas.settings import Settings
from tests.integration.console_city import (
    MANIFESTS,
    ConsoleCity,
    empty,
    fill,
    now_microseconds,
    write_secrets,
)
from tests.integration.quick_kafka import QuickKafka
from tests.integration.shared_servers import SharedPostgres
from tests.unit.console.city import claim, dead_letter, outcome, state, word


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A Kafka of these tests' own, for the console's topics have fixed names."""
    with tempfile.TemporaryDirectory(prefix="lienthong-test-", ignore_cleanup_errors=True) as home:
        server = QuickKafka(Path(home) / "kafka")
        server.configure()
        try:
            server.start()
            server.wait_ready()
            yield server.bootstrap
        finally:
            server.kill()


@pytest.fixture(scope="module")
def dsns(postgres: SharedPostgres) -> dict[str, str]:
    """The databases of both systems, filled."""
    found = {system: postgres.dsn(postgres.create_database()) for system in ("ho_tich", "dan_cu")}
    fill(found)
    return found


@pytest.fixture
def city(broker: str, registry: str, dsns: dict[str, str], tmp_path: Path) -> ConsoleCity:
    """Nothing applied yet, everybody in the register and nobody in the target."""
    write_secrets(tmp_path, dsns)
    empty(broker)
    return ConsoleCity(Settings(kafka=broker, registry=registry, secrets=tmp_path), dsns)


def test_apply_makes_the_city_once(city: ConsoleCity) -> None:
    missing = city.run("status")
    assert missing.returncode == 1
    assert "lienthong apply" in missing.stderr

    first = city.run("apply", str(MANIFESTS))
    assert first.returncode == 0, first.stderr
    assert "raw.ho_tich.person" in first.stdout
    assert "revision 1" in first.stdout
    made = AdminClient({"bootstrap.servers": city.settings.kafka}).list_topics(timeout=10).topics
    assert len(made["raw.ho_tich.person"].partitions) == 4
    assert len(made["to.dan_cu.person"].partitions) == 1

    second = city.run("apply", str(MANIFESTS))
    assert second.returncode == 0, second.stderr
    assert "revision 1, unchanged" in second.stdout
    assert city.catalogue().revision == 1


def test_apply_makes_a_new_revision_of_what_changed_and_refuses_what_is_wrong(
    city: ConsoleCity, tmp_path: Path
) -> None:
    folder = tmp_path / "systems"
    folder.mkdir()
    for manifest in MANIFESTS.glob("*.yaml"):
        (folder / manifest.name).write_text(manifest.read_text(encoding="utf-8"), encoding="utf-8")
    assert city.run("apply", str(folder)).returncode == 0
    dan_cu = folder / "dan_cu.yaml"
    dan_cu.write_text(dan_cu.read_text(encoding="utf-8").replace("cadence: 10s", "cadence: 20s"), encoding="utf-8")
    changed = city.run("apply", str(folder))
    assert "revision 2:\n  ~ dan_cu says something else of itself" in changed.stdout
    assert (city.catalogue().mapping_revision("ho_tich"), city.catalogue().mapping_revision("dan_cu")) == (1, 2)

    dan_cu.write_text(dan_cu.read_text(encoding="utf-8") + "\ncolour: red\n", encoding="utf-8")
    refused = city.run("apply", str(folder))
    assert refused.returncode == 1
    assert "unknown field `colour`" in refused.stderr
    assert city.catalogue().revision == 2


def test_apply_refuses_a_topic_with_another_number_of_partitions(city: ConsoleCity) -> None:
    assert city.run("apply", str(MANIFESTS)).returncode == 0
    admin = AdminClient({"bootstrap.servers": city.settings.kafka})
    admin.create_partitions([NewPartitions("raw.ho_tich.person", 5)])["raw.ho_tich.person"].result(20)
    refused = city.run("apply", str(MANIFESTS))
    assert refused.returncode == 1
    assert "raw.ho_tich.person: it exists with 5 partitions, 4 are wanted" in refused.stderr.replace("\n", " ")


def test_status_and_wait_ready_follow_the_city(city: ConsoleCity) -> None:
    assert city.run("apply", str(MANIFESTS)).returncode == 0
    late = city.run("wait-ready", "--timeout", "1")
    assert late.returncode == 1
    assert "the source of ho_tich has not started" in late.stderr

    city.put_word(word("source", "ho_tich", "streaming", time=now_microseconds()))
    city.put_word(word("sink", "dan_cu", "streaming", time=now_microseconds(), message="was away for 3 s"))
    city.put_outcome(outcome("captured", "ho_tich", "", count=2))
    city.put_outcome(outcome("quarantined", "ho_tich", "raw.ho_tich.person", reason="bad_date", event_id="e"))
    for number in range(3):
        city.put_delivery(f"k{number}")
    city.put_outcome(outcome("delivered", "dan_cu", "to.dan_cu.person", first=0, last=0, process="a"))
    city.put_outcome(outcome("delivered", "dan_cu", "to.dan_cu.person", first=0, last=0, process="b"))

    shown = json.loads(city.run("status", "--json").stdout)
    sink, source = shown["lines"]
    assert (source["phase"], source["health"], source["captured"], source["quarantined"]) == (
        "streaming",
        "green",
        2,
        1,
    )
    assert (sink["delivered"], sink["waiting"], sink["trouble"]) == (1, 2, "was away for 3 s")
    assert "đang chạy" in city.run("status").stdout
    assert "was away for 3 s" in city.run("status", "--lang", "en", width=80).stdout

    late = city.run("wait-ready", "--timeout", "1")
    assert late.returncode == 1
    assert "no worker of person runs" in late.stderr
    assert "2 deliveries wait for the sink of dan_cu" in late.stderr

    city.put_outcome(outcome("delivered", "dan_cu", "to.dan_cu.person", first=1, last=2, count=2))
    with _a_worker(city.settings):
        ready = city.run("wait-ready", "--timeout", "20")
    assert ready.returncode == 0, ready.stderr
    assert "dan_cu 3 of 3" in ready.stdout


@contextmanager
def _a_worker(settings: Settings) -> Iterator[None]:
    """Somebody in the workers' group."""
    consumer, joined = Consumer(consumer_settings(settings.kafka, workers_group("person"))), list[object]()
    consumer.subscribe([topics.identify("person")], on_assign=lambda _, places: joined.extend(places))
    deadline = time.monotonic() + 30
    while not joined:
        consumer.poll(0.1)
        assert time.monotonic() < deadline
    yield
    consumer.close()


def test_wait_ready_counts_what_the_workers_have_not_taken(city: ConsoleCity) -> None:
    assert city.run("apply", str(MANIFESTS)).returncode == 0
    city.put_word(word("source", "ho_tich", "streaming", time=now_microseconds()))
    city.put_captured(*(f"ho_tich#{number}" for number in range(5)))
    late = city.run("wait-ready", "--timeout", "2")
    assert late.returncode == 1
    assert "5 records of raw.ho_tich.person wait for the workers" in late.stderr


def test_demo_without_a_system_for_each_part_says_so(city: ConsoleCity) -> None:
    assert city.run("apply", str(MANIFESTS)).returncode == 0
    refused = city.run("demo", width=300)
    assert refused.returncode == 1
    assert "registers births" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_show_and_dead_letters(city: ConsoleCity) -> None:
    assert city.run("apply", str(MANIFESTS)).returncode == 0
    assert "No dead letters" in city.run("dead-letters", "list", "--lang", "en").stdout
    for number in range(20):
        values = {
            "citizen_id": f"0010990123{number:02}",
            "old_id": f"0123456{number:02}",
            "full_name": f"Người {number}",
        }
        city.put_state(state(f"citizen_id:0010990123{number:02}", claim("ho_tich", values)))
    shown = city.run("show", "person", "001099012317")
    assert shown.returncode == 0, shown.stderr
    assert "Người 17" in shown.stdout
    assert "001099012317" not in shown.stdout
    assert "001099012317" in city.run("show", "person", "citizen_id:001099012317", "--show-values").stdout
    moved_to = "citizen_id:001099012317"
    city.put_state(state("ho_tich#17", claim("ho_tich", None), status="moved", value=None, moved_to=moved_to))
    for asked in ("ho_tich#17", "012345617"):
        assert "Người 17" in city.run("show", "person", asked).stdout
    unknown = city.run("show", "person", "ho_tich#9", "--lang", "en")
    assert unknown.returncode == 1
    assert "nothing is known under this key" in unknown.stderr.replace("\n", " ")

    for letter in (dead_letter("a"), dead_letter("b"), dead_letter("b")):
        city.put_dead_letter(letter)
    listed = city.run("dead-letters", "list").stdout
    assert "2 × bad_date (birth_date)" in listed


def test_check_asks_the_systems_and_shows_live_records_in_part(city: ConsoleCity) -> None:
    checked = city.run("check", str(MANIFESTS))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 manifests, nothing wrong" in checked.stdout
    assert "3 live records of person" in checked.stdout
    assert "→ " in checked.stdout
    assert not re.search(r"\b\d{12}\b", checked.stdout)
    assert re.search(r"\b\d{12}\b", city.run("check", str(MANIFESTS), "--show-values").stdout)


def test_check_takes_a_system_that_cannot_be_asked_for_a_finding(city: ConsoleCity) -> None:
    (city.settings.secrets / "ho_tich_dsn").write_text("postgresql://x:geheim@127.0.0.1:1/x", encoding="utf-8")
    (city.settings.secrets / "dan_cu_dsn").unlink()
    checked = city.run("check", str(MANIFESTS))
    assert checked.returncode == 1
    assert "2 findings" in checked.stdout
    assert "Connection refused" in checked.stdout
    assert "${file:dan_cu_dsn}" in checked.stdout
    assert "geheim" not in checked.stdout + checked.stderr
    assert "Traceback" not in checked.stderr
    assert city.run("check", str(MANIFESTS), "--offline").returncode == 0
