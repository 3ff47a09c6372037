"""Debian's Prometheus, where it is installed: it watches the city by the rules of deploy/prometheus."""

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, ClassVar, Final

from deploy.embedded.cache import Report
from deploy.embedded.ports import LOOPBACK, is_open
from deploy.embedded.process import Command
from deploy.embedded.server import Server, say_nothing

_RULES: Final = Path(__file__).resolve().parents[1] / "prometheus" / "alerts.yml"
_ANSWER_SECONDS: Final = 2.0
#: Whichever comes first: a laptop's disk is not for history.
_KEPT_FOR, _KEPT_SIZE = "15d", "512MB"


def is_installed() -> bool:
    """Whether `make run` can start it."""
    return shutil.which(Prometheus.name) is not None


class Prometheus(Server):
    """Scrapes what `watch` was told, and itself."""

    name: ClassVar[str] = "prometheus"

    @property
    def url(self) -> str:
        """Where its page and its API are."""
        return f"http://{LOOPBACK}:{self.port}"

    def configure(self, report: Report = say_nothing) -> None:
        """See Server."""
        self.data.mkdir(parents=True, exist_ok=True)

    def watch(self, ports: dict[str, int], *, fleet: int | None = None) -> None:
        """What is scraped from the next start on. `ports`: of their metrics on loopback, by process. `fleet`: at
        this one of them it is asked which connectors there are.
        """
        listed = [_group(port, process=process) for process, port in ports.items()]
        asked = [] if fleet is None else [{"url": f"http://{LOOPBACK}:{fleet}/targets", "refresh_interval": "5s"}]
        settings = {
            "global": {"scrape_interval": "5s", "evaluation_interval": "15s"},
            "rule_files": [str(_RULES)],
            "scrape_configs": [
                {"job_name": "lienthong", "static_configs": listed, "http_sd_configs": asked},
                {"job_name": "prometheus", "static_configs": [_group(self.port)]},
            ],
        }
        # JSON is YAML.
        (self.data / "prometheus.yml").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")

    def command(self) -> Command:
        """See Server."""
        return Command(
            argv=(
                shutil.which(self.name) or self.name,
                f"--config.file={self.data / 'prometheus.yml'}",
                f"--storage.tsdb.path={self.data / 'series'}",
                f"--storage.tsdb.retention.time={_KEPT_FOR}",
                f"--storage.tsdb.retention.size={_KEPT_SIZE}",
                f"--web.listen-address={LOOPBACK}:{self.port}",
                "--log.level=warn",
            ),
            cwd=self.data,
        )

    def is_ready(self) -> bool:
        """See Server."""
        if not is_open(self.port):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - http
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _group(port: int, **labels: str) -> dict[str, Any]:
    return {"targets": [f"{LOOPBACK}:{port}"], "labels": labels}
