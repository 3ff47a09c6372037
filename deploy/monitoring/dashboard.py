"""A Grafana dashboard as values, and as the JSON that Grafana imports."""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

_WIDTH: Final = 24
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


class Query(NamedTuple):
    """PromQL, and how a line of its answer is called: `{{system}}` is the value of a label."""

    expression: str
    legend: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture. `unit` in Grafana's words; `means`: what to make of it; `warns_at`: from there on it is red."""

    title: str
    queries: tuple[Query, ...]
    means: str
    unit: str = "short"
    kind: Literal["timeseries", "stat", "bargauge", "table"] = "timeseries"
    width: int = 8
    height: int = 8
    warns_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """`variable`: name and query of what can be chosen at the top."""

    name: str
    title: str
    panels: tuple[Panel, ...]
    variable: tuple[str, str] | None = None

    def as_json(self) -> str:
        """What Grafana imports; panels fill rows from left to right."""
        body = {
            "uid": f"lienthong-{self.name}",
            "title": self.title,
            "tags": ["lienthong"],
            "editable": True,
            "schemaVersion": 39,
            "refresh": "10s",
            "time": {"from": "now-1h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": self._variables()},
            "links": [{"type": "dashboards", "tags": ["lienthong"], "title": "Liên thông", "asDropdown": False}],
            "panels": self._placed(),
        }
        return json.dumps(body, ensure_ascii=False, indent=1) + "\n"

    def _variables(self) -> list[dict[str, Any]]:
        variables: list[dict[str, Any]] = [{"name": "datasource", "type": "datasource", "query": "prometheus"}]
        if self.variable is not None:
            name, query = self.variable
            variables.append({"name": name, "type": "query", "datasource": _SOURCE, "query": query, "refresh": 2})
        return variables

    def _placed(self) -> list[dict[str, Any]]:
        placed, x, y, tallest = [], 0, 0, 0
        for number, panel in enumerate(self.panels, start=1):
            if x + panel.width > _WIDTH:
                x, y, tallest = 0, y + tallest, 0
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            placed.append({"id": number, "gridPos": place, **_drawn(panel)})
            x, tallest = x + panel.width, max(tallest, panel.height)
        return placed


def _drawn(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.warns_at is not None:
        steps.append({"color": "red", "value": panel.warns_at})
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.means,
        "datasource": _SOURCE,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "targets": [_target(query, chr(ord("A") + place), panel) for place, query in enumerate(panel.queries)],
    }


def _target(query: Query, letter: str, panel: Panel) -> dict[str, Any]:
    momentary = panel.kind != "timeseries"
    return {
        "refId": letter,
        "datasource": _SOURCE,
        "expr": query.expression,
        "legendFormat": query.legend,
        "instant": momentary,
        "range": not momentary,
        "format": "table" if panel.kind == "table" else "time_series",
    }
