"""Every metric is defined in a file `*metrics.py`, named as Prometheus wants it, and stands on the page."""

import ast
import json
import re
from pathlib import Path

import pytest

from deploy.monitoring.boards import ALL
from deploy.monitoring.dashboard import Dashboard
from deploy.monitoring.definitions import Definition, definitions, series
from deploy.monitoring.made import PROJECT, made

#: A new label is a decision: it multiplies series, and must never tell one record from another.
_LABELS = {
    *("system", "source", "entity", "role", "field", "stage", "reason", "result"),
    *("group", "topic", "partition", "event", "subscriber", "kind", "table"),
    *("version", "python", "librdkafka"),
}
_ALL = [each for listed in definitions().values() for each in listed]


@pytest.mark.parametrize("path", made(), ids=lambda path: path.name)
def test_what_is_made_from_code_is_up_to_date(path: Path) -> None:
    assert path.exists() and path.read_text(encoding="utf-8") == made()[path], "run `make monitoring`"


@pytest.mark.parametrize("metric", _ALL, ids=lambda metric: metric.name)
def test_a_metric_has_a_prefix_a_base_unit_a_meaning_and_known_labels(metric: Definition) -> None:
    assert re.fullmatch(r"lienthong(_[a-z]+)+", metric.name)
    assert not re.search(r"_(ms|millis|minutes|kb|mb|percent)(_|$)", metric.name)
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    assert metric.kind != "histogram" or metric.unit in ("seconds", "bytes")
    assert metric.meaning.endswith(".") and "|" not in metric.meaning
    assert set(metric.labels) <= _LABELS


@pytest.mark.parametrize("board", ALL, ids=lambda board: board.name)
def test_panels_name_metrics_that_exist_and_do_not_overlap(board: Dashboard) -> None:
    names = {
        n for panel in board.panels for query in panel.queries for n in re.findall(r"\blienthong_\w+", query.expression)
    }
    assert names - series() == set()
    drawn = json.loads(board.as_json())["panels"]
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in drawn)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert all(panel["description"] for panel in drawn)


def test_no_two_metrics_share_a_name() -> None:
    names = [metric.name for metric in _ALL]
    assert len(names) > 30
    assert len(set(names)) == len(names)


def test_metrics_are_made_in_their_own_files_alone() -> None:
    kinds = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
    strangers = []
    for package in ("schemas", "connectors", "streams", "console", "deploy"):
        for path in (PROJECT / package).rglob("*.py"):
            if path.name.endswith("metrics.py"):
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            imported = {
                name.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and node.module == "prometheus_client"
                for name in node.names
            }
            called = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            strangers += [f"{path.name}: {name}" for name in imported & kinds & called]
    assert strangers == []
