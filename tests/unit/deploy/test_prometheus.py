"""What `make run` gives Prometheus, by its own checker."""

import json
import subprocess
from pathlib import Path

from deploy.embedded.prometheus import Prometheus
from tests.unit.deploy.prometheus_tools import tool


def test_it_takes_the_settings_the_rules_and_the_processes(tmp_path: Path) -> None:
    server = Prometheus(tmp_path / "prometheus")
    server.configure()
    server.watch({"worker-w1": 17_001, "fleet": 17_002}, fleet=17_002)
    argv = [tool("promtool"), "check", "config", str(server.data / "prometheus.yml")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "rules found" in done.stdout
    ours, itself = json.loads((server.data / "prometheus.yml").read_text())["scrape_configs"]
    assert {group["labels"]["process"]: group["targets"] for group in ours["static_configs"]} == {
        "worker-w1": ["127.0.0.1:17001"],
        "fleet": ["127.0.0.1:17002"],
    }
    assert [each["url"] for each in ours["http_sd_configs"]] == ["http://127.0.0.1:17002/targets"]
    assert itself["static_configs"][0]["targets"] == [f"127.0.0.1:{server.port}"]


def test_it_listens_on_loopback_alone(tmp_path: Path) -> None:
    server = Prometheus(tmp_path / "prometheus")
    assert f"--web.listen-address=127.0.0.1:{server.port}" in server.command().argv
