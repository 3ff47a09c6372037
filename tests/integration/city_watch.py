"""Asks a running Prometheus what Grafana would: every query of every dashboard, and every metric of every alert."""

import json
import math
import re
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any, Final

from deploy.monitoring.boards import ALL, SYSTEM
from schemas.manifest import Manifest

#: What Grafana would put in: a page over the last hour, and scrapes every five seconds.
_RATE_INTERVAL: Final = "2m"
_ANY: Final = ".+"
#: Panels of one system that are about what it publishes, what it receives, or about PostgreSQL's log.
_OF_PUBLISHERS: Final = frozenset({"Captured", "Capture delay", "Being read anew"})
_OF_RECEIVERS: Final = frozenset({"Delivered", "Not yet written", "End to end, 95 %, by source"})
_OF_LOGS: Final = frozenset({"WAL"})
#: What is only there once something has gone wrong, or was asked for: no metric of a city that is well.
_OF_TROUBLE: Final = frozenset(
    {
        "lienthong_dead_letters_total",
        "lienthong_drift_rows",
        "lienthong_engine_expired_records_total",
        "lienthong_source_slots_given_up_total",
    }
)


class Watch:
    """One Prometheus, by the address of its page."""

    def __init__(self, url: str) -> None:
        self._url = url

    def values(self, expression: str) -> list[float]:
        """What a query answers with now; a quantile of nothing is no number (NaN)."""
        return [float(each["value"][1]) for each in self._asked("query", query=expression)["result"]]

    def names(self) -> set[str]:
        """Of all series."""
        return set(self._asked("label/__name__/values"))

    def silent_panels(self, manifests: Iterable[Manifest]) -> list[str]:
        """Panels of which a query has no answer though there is something to show, and those without any number."""
        silent, numbers = [], dict[tuple[str, str], bool]()
        for board, title, expression in _queries(list(manifests)):
            values = self.values(expression)
            if not values:
                silent.append(f"{board}: {title}: {expression}")
            panel = board.split()[0], title
            numbers[panel] = numbers.get(panel, False) or not all(map(math.isnan, values))
        return silent + [f"{board}: {title}: no number" for (board, title), is_there in numbers.items() if not is_there]

    def missing_of_alerts(self, expressions: Iterable[str]) -> set[str]:
        """Metrics that alerts speak of and nobody serves."""
        named = {name for expression in expressions for name in re.findall(r"\blienthong_\w+|\bup\b", expression)}
        return named - self.names() - _OF_TROUBLE

    def troubles_of_rules(self) -> list[str]:
        """Rules that Prometheus could not evaluate."""
        groups = self._asked("rules")["groups"]
        return [rule["lastError"] for group in groups for rule in group["rules"] if rule.get("lastError")]

    def _asked(self, what: str, **parameters: str) -> Any:
        address = f"{self._url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - http
            body = json.load(answer)
        assert body["status"] == "success", body
        return body["data"]


def _queries(manifests: list[Manifest]) -> Iterator[tuple[str, str, str]]:
    """(dashboard, panel, PromQL as Grafana sends it)."""
    for board in ALL:
        for panel in board.panels:
            for query in panel.queries:
                expression = query.expression.replace("$__rate_interval", _RATE_INTERVAL).replace("$group", _ANY)
                if board is not SYSTEM:
                    yield board.name, panel.title, expression
                    continue
                for manifest in manifests:
                    if _is_for(panel.title, manifest):
                        yield (
                            f"{board.name} {manifest.system}",
                            panel.title,
                            expression.replace("$system", manifest.system),
                        )


def _is_for(title: str, manifest: Manifest) -> bool:
    if title in _OF_LOGS:
        return bool(manifest.publishes) and manifest.kind == "postgres"
    if title in _OF_PUBLISHERS:
        return bool(manifest.publishes)
    return bool(manifest.subscribes) or title not in _OF_RECEIVERS
