"""Alerts fire when they should and only then, by Prometheus' own test of rules; each has a severity and a page."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.monitoring.definitions import series
from deploy.monitoring.made import PROJECT
from tests.unit.deploy.prometheus_tools import tool

FOLDER = PROJECT / "deploy" / "prometheus"
_PAGES = PROJECT / "docs" / "runbooks"
_HEADINGS = ["What it means", "How to see it", "What to do"]


def _read(name: str) -> Any:
    return YAML(typ="safe").load((FOLDER / name).read_text(encoding="utf-8"))


RULES = {rule["alert"]: rule for group in _read("alerts.yml")["groups"] for rule in group["rules"]}


def _tested(folder: Path) -> subprocess.CompletedProcess[str]:
    argv = [tool("promtool"), "test", "rules", "alerts_test.yml"]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


def test_every_alert_fires_when_it_should_and_stays_quiet_when_it_should() -> None:
    done = _tested(FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_quiet() -> None:
    cases = [case for test in _read("alerts_test.yml")["tests"] for case in test["alert_rule_test"]]
    fires = {case["alertname"] for case in cases if case["exp_alerts"]}
    quiet = {case["alertname"] for case in cases if not case["exp_alerts"]}
    assert fires == RULES.keys()
    assert quiet == RULES.keys() - {"DeadMansSwitch"}


def test_the_cases_notice_every_alert_that_never_fires(tmp_path: Path) -> None:
    text = (FOLDER / "alerts.yml").read_text(encoding="utf-8")
    broken, count = re.subn(r"expr:.*?\n(?=        \w)", "expr: vector(0) > 0\n", text, flags=re.DOTALL)
    assert count == len(RULES)
    (tmp_path / "alerts.yml").write_text(broken, encoding="utf-8")
    (tmp_path / "alerts_test.yml").write_bytes((FOLDER / "alerts_test.yml").read_bytes())
    noticed = set(re.findall(r"alertname: (\w+),", _tested(tmp_path).stderr))
    assert noticed == RULES.keys()


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_has_a_severity_and_a_page_that_says_what_to_do(alert: str) -> None:
    rule = RULES[alert]
    assert rule["labels"]["severity"] in ("page", "ticket", "none")
    page = PROJECT / rule["annotations"]["runbook_url"]
    assert page == _PAGES / f"{alert}.md"
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == _HEADINGS
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (_PAGES / link).exists(), link


def test_no_page_is_of_an_alert_that_is_gone() -> None:
    assert {path.stem for path in _PAGES.glob("*.md")} == RULES.keys() | {"README"}


def test_expressions_name_metrics_that_exist() -> None:
    named = {name for rule in RULES.values() for name in re.findall(r"\blienthong_\w+", rule["expr"])}
    assert named
    assert named - series() == set()
