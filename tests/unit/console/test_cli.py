"""Every command explains itself with an example; foreseen troubles are told without a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console import cli

_COMMANDS = (
    "check",
    "apply",
    "status",
    "demo",
    "wait-ready",
    "show person",
    "show business",
    "show civil-status-event",
    "dead-letters list",
    "dead-letters show",
    "dead-letters edit",
    "dead-letters retry",
    "dead-letters discard",
    "replay",
    "close-graves",
    "pause",
    "resume",
)


@pytest.fixture
def no_city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LIENTHONG_KAFKA", "LIENTHONG_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", _COMMANDS)
def test_help_has_an_example(command: str) -> None:
    result = CliRunner().invoke(cli.app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert f"Example: lienthong {command}" in " ".join(result.output.split())


@pytest.mark.parametrize("command", ["status", "demo", "wait-ready", "show person x", "dead-letters list"])
def test_without_a_city_it_says_how_to_start_one(
    command: str, no_city: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lienthong", *command.split()])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    told = capfd.readouterr().err
    assert "make run" in told
    assert "Traceback" not in told


def test_check_names_every_problem_with_file_line_and_remedy(
    no_city: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (no_city / "a.yaml").write_text("system: a\nconnect: {kind: postgres, dsn: x}\ncolour: red\n", encoding="utf-8")
    (no_city / "b.yaml").write_text("system: b\nconnect: {kind: nothing}\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["lienthong", "check", ".", "--offline"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    told = capfd.readouterr().err
    assert "a.yaml:3: unknown field `colour`" in told
    assert "b.yaml:2: unknown kind `nothing`" in told
    assert "→" in told


def test_an_empty_folder_is_a_problem_too(
    no_city: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lienthong", "check", "nowhere", "--offline"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "no manifests here" in capfd.readouterr().err


def test_a_command_does_not_wait_for_what_others_import() -> None:
    heavy = "faust", "confluent_kafka.schema_registry", "ruamel.yaml", "rocksdict", "console.apply", "structlog"
    code = f"""
import sys
from typer.testing import CliRunner
from console.cli import app
assert CliRunner().invoke(app, ["trace", "--help"]).exit_code == 0
print(*(name for name in {heavy} if name in sys.modules))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_a_command_that_nearly_exists_is_named() -> None:
    result = CliRunner().invoke(cli.app, ["trase"])
    assert result.exit_code == 2
    assert "'trace'" in result.output
