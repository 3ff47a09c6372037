"""The city of deploy/hanoi as a user has it: `make run` with some hundred people, and `lienthong` beside it."""

import json
import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import psycopg
import pytest

from deploy.embedded.data_directory import DataDirectory
from tests.integration.canaries import canaries, command_lines, files, leaks, records
from tests.integration.city_watch import Watch
from tests.integration.engine_harness import until
from tests.integration.newcomer import Newcomer, corrections
from tests.integration.whole_city import PEOPLE, PROJECT, WholeCity
from tests.unit.deploy.prometheus_tools import tool
from tests.unit.deploy.test_alerts import RULES


@pytest.fixture(scope="module")
def city() -> Iterator[WholeCity]:
    """Started once for all tests here."""
    with tempfile.TemporaryDirectory(prefix="lienthong-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        made = WholeCity(DataDirectory(folder / "data"), folder / "up.log")
        try:
            made.wait_until_ready()
            yield made
        finally:
            made.stop()


@pytest.mark.timeout(400)
def test_after_the_start_every_system_holds_what_authority_demands(city: WholeCity) -> None:
    assert city.faults() == []


@pytest.mark.timeout(200)
def test_what_status_and_check_say_is_so(city: WholeCity) -> None:
    checked = city.lienthong("check")
    assert checked.returncode == 0, checked.stdout
    shown = city.lienthong("status", "--json").stdout
    assert '"absent"' not in shown
    assert shown.count('"waiting": 0') == shown.count('"waiting"') == 8


@pytest.mark.timeout(300)
def test_the_demo_shows_a_birth_a_number_a_name_and_a_death(city: WholeCity) -> None:
    shown = city.lienthong("demo", "--timeout", "60")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "Khai sinh" in shown.stdout
    for system in ("dan_cu", "dkkd", "ho_tich", "suc_khoe", "bao_cao"):
        assert f" · {system} " in shown.stdout, system

    frozen = city.pids()["sink/suc_khoe"]
    os.kill(frozen, signal.SIGSTOP)
    try:
        late = city.lienthong("demo", "--timeout", "8", "--lang", "en")
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert late.returncode == 1
    assert "not arrived in suc_khoe" in late.stderr
    assert "not routed" not in late.stderr


@pytest.mark.timeout(200)
def test_every_panel_shows_something_and_every_alert_can_be_judged(city: WholeCity) -> None:
    tool("prometheus")
    watch, manifests = Watch(f"http://127.0.0.1:{city.port('prometheus')}"), city.manifests()
    with psycopg.connect((city.data.secrets / "ho_tich_dsn").read_text().strip()) as register:
        # Whoever has something to do shows something; rates need it to happen while they are looked at.
        deadline = time.monotonic() + 120
        while silent := watch.silent_panels(manifests):
            assert time.monotonic() < deadline, silent
            register.execute("update cong_dan set ho_ten = ho_ten || ' Nhi' where id % 10 = 0")
            register.commit()
            time.sleep(2)
    assert watch.missing_of_alerts(rule["expr"] for rule in RULES.values()) == set()
    assert watch.troubles_of_rules() == []


@pytest.mark.timeout(200)
def test_no_secret_is_in_logs_metrics_topics_errors_or_command_lines(city: WholeCity, tmp_path: Path) -> None:
    secrets = canaries(city.data.secrets)
    assert secrets.keys() >= {"ho_tich_dsn", "dan_cu_dsn", "dkkd_url", "store_dsn", "suc_khoe_token", "dead_letter_key"}
    for path in city.data.secrets.iterdir():
        # Nobody is there: what is told of it must not say how we would have come in.
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(re.sub(r"@127.0.0.1:\d+/", "@127.0.0.1:1/", text))
    refused = city.lienthong("check", LIENTHONG_SECRETS=str(tmp_path))
    assert refused.returncode == 1
    bootstrap = f"127.0.0.1:{city.port('kafka')}"
    told = chain(
        files(city.data.logs),
        city.pages(),
        records({"bootstrap.servers": bootstrap}),
        command_lines(),
        [("what `make run` says", city.told().encode()), ("errors", (refused.stdout + refused.stderr).encode())],
    )
    assert leaks(secrets, told) == []


def test_nobody_has_needed_more_memory_than_its_unit_allows(city: WholeCity) -> None:
    allowed = {role: _allowed_megabytes(role) for role in ("worker", "source", "sink", "store")}
    roles = {name: re.split("[-/]", name)[0] for name in city.pids()}
    measured = {name: _peak_megabytes(pid) for name, pid in city.pids().items() if roles[name] in allowed}
    assert len(measured) == 2 + 3 + 5 + 1
    assert {name: peak for name, peak in measured.items() if peak > 0.75 * allowed[roles[name]]} == {}


def _peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"^VmHWM:\s+(\d+) kB", status, flags=re.MULTILINE)[0]) / 1024


def _allowed_megabytes(role: str) -> int:
    [unit] = (PROJECT / "deploy" / "systemd").glob(f"lienthong-{role}*.service")
    [(number, of)] = re.findall(r"^MemoryMax=(\d+)([MG])$", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return int(number) * (1024 if of == "G" else 1)


@pytest.mark.timeout(300)
def test_a_system_joins_changes_and_leaves_while_changes_flow(city: WholeCity, tmp_path: Path) -> None:
    school = Newcomer(city, tmp_path)
    with_phone = "select so_dinh_danh from nhan_khau where so_dinh_danh is not null and so_dien_thoai is null limit 20"
    phones = {number: f"09123456{place:02}" for place, (number,) in enumerate(city.rows("dan_cu", with_phone))}
    school.build(phones)
    carried = {(number, f"+84{phone[1:]}") for number, phone in phones.items()}

    def carried_phones() -> set[tuple[str, str]]:
        held = city.rows("dan_cu", "select so_dinh_danh, so_dien_thoai from nhan_khau where so_dien_thoai is not null")
        return {row for row in held if row[0] in phones}

    with corrections(city):
        for ward in ("00025", "00008"):
            school.declare(ward=ward)
            applied = school.apply()
            assert applied.returncode == 0, applied.stdout + applied.stderr
            assert "truong_hoc" in applied.stdout
            people = school.of_ward(ward)
            assert people
            until(partial(school.holds, people), seconds=60, doing=f"the people of {ward}")
            until(lambda: carried_phones() == carried, seconds=60, doing="the phones that it publishes")
        last = school.pupils()
        school.withdraw()
        left = school.apply()
        assert left.returncode == 0, left.stdout + left.stderr
        assert "truong_hoc: removed" in left.stdout
        until(lambda: not carried_phones(), seconds=60, doing="what it said to be taken back")
    assert school.slots() == []
    assert school.pupils() == last, "the rows that it was given are its own"
    until(lambda: city.faults() == [], seconds=60, doing="the city to settle")


@pytest.mark.timeout(200)
def test_the_account_is_balanced_and_a_record_is_found(city: WholeCity) -> None:
    deadline = time.monotonic() + 90
    while True:
        shown = city.lienthong("ledger", "--json")
        told = json.loads(shown.stdout)
        lines = [*told["publishers"], *told["subscribers"]]
        if shown.returncode == 0 and not any(line["in_flight"] for line in lines):
            break
        assert time.monotonic() < deadline, shown.stdout + shown.stderr
    [register] = [each for each in told["publishers"] if (each["system"], each["entity"]) == ("ho_tich", "person")]
    counts = register["counts"]
    assert counts["captured"] >= PEOPLE
    assert counts["processed"] >= counts["captured"] - counts["quarantined"]
    for line in told["subscribers"]:
        assert line["counts"]["delivered"] + line["counts"]["quarantined"] <= line["counts"]["routed"]

    number = next(key for key in city.health_records() if key.startswith("citizen_id:")).removeprefix("citizen_id:")
    traced = city.lienthong("trace", "person", number, "--lang", "en")
    assert traced.returncode == 0, traced.stderr
    assert "suc_khoe has version" in traced.stdout
    assert "captured" in traced.stdout
    assert number not in traced.stdout
