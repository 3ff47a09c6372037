"""`lienthong permissions`: what is printed for a system, and that it is nothing of another one."""

import pytest
from typer.testing import CliRunner

from console.cli import app
from deploy.monitoring.made import PROJECT

_SYSTEMS = str(PROJECT / "deploy" / "hanoi" / "systems")


def _printed(*arguments: str) -> str:
    found = CliRunner().invoke(app, ["permissions", *arguments, "--folder", _SYSTEMS])
    assert found.exit_code == 0, found.output
    return found.output


@pytest.mark.parametrize("system", ["ho_tich", "dan_cu", "dkkd", "suc_khoe", "bao_cao"])
def test_raw_and_delivery_topics_are_the_systems_own(system: str) -> None:
    lines = [line for line in _printed(system).splitlines() if "--topic 'raw." in line or "--topic 'to." in line]
    assert lines
    assert all(f".{system}." in line and "prefixed" not in line for line in lines)
    assert all("Read" not in line for line in lines if "'raw." in line)
    assert all("Write" not in line for line in lines if "'to." in line)


def test_own_rows_are_corrected_and_never_added_or_deleted() -> None:
    printed = _printed("ho_tich", "--role", "lt")
    assert "GRANT UPDATE (so_dinh_danh, noi_thuong_tru, ma_xa) ON public.cong_dan TO lt;" in printed
    assert "INSERT" not in printed
    assert "DELETE" not in printed


def test_a_service_has_no_grants_and_workers_read_raw_topics_alone() -> None:
    assert "GRANT" not in _printed("suc_khoe")
    assert "--operation Read --topic 'raw.' --resource-pattern-type prefixed" in _printed("--workers")


def test_the_store_only_reads_and_the_console_says_nothing_in_the_name_of_others() -> None:
    store = {line.split("--operation ")[1].split()[0] for line in _printed("--store").splitlines()}
    assert store == {"Read", "Describe"}
    console = _printed("--console").splitlines()
    for said_by_others in ("'to.'", "'entity.'", "'connectors'", "'outcomes'", "'dead_letters'"):
        [line] = [line for line in console if said_by_others in line]
        assert "Write" not in line
    assert any("--transactional-id 'lienthong.catalogue'" in line for line in console)


@pytest.mark.parametrize("arguments", [[], ["ho_tich", "--workers"], ["--store", "--console"]])
def test_one_thing_is_asked_for_at_a_time(arguments: list[str]) -> None:
    found = CliRunner().invoke(app, ["permissions", *arguments, "--folder", _SYSTEMS])
    assert found.exit_code == 1
    assert "name one system" in str(found.exception)


def test_a_system_that_is_not_there_is_named_with_those_that_are() -> None:
    found = CliRunner().invoke(app, ["permissions", "nope", "--folder", _SYSTEMS])
    assert found.exit_code == 1
    assert "ho_tich" in str(found.exception)
