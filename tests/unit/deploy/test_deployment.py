"""Units, containers and pods: checked by the tools that can run here, and against what the processes really take."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from connectors.permissions import Acl, of_connectors, of_console, of_store, of_workers
from deploy.monitoring.made import PROJECT
from schemas.manifest import Manifest
from schemas.manifest_yaml import parse
from schemas.settings import Settings

DEPLOY = PROJECT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
_YAML = YAML(typ="safe")
_KNOWN = {f"LIENTHONG_{name.upper()}" for name in Settings.model_fields}


def _run(*argv: str, needs: str) -> str:
    if shutil.which(needs) is None:
        pytest.skip(f"{needs} is not here")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_takes_the_unit_and_finds_it_closed(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/opt/lienthong/.venv/bin/python", sys.executable))
    assert _run("systemd-analyze", "verify", "--man=no", str(here), needs="systemd-analyze") == ""
    told = _run("systemd-analyze", "security", "--offline=yes", "--threshold=13", str(here), needs="systemd-analyze")
    assert "OK" in told


def test_systemd_takes_the_timer_and_what_it_starts(tmp_path: Path) -> None:
    for name in ("lienthong-graves.service", "lienthong-graves.timer"):
        text = (DEPLOY / "systemd" / name).read_text()
        (tmp_path / name).write_text(text.replace("/opt/lienthong/.venv/bin/python", sys.executable))
    told = _run(
        "systemd-analyze", "verify", "--man=no", str(tmp_path / "lienthong-graves.timer"), needs="systemd-analyze"
    )
    assert told == ""


def _files() -> Iterator[Path]:
    for folder in ("systemd", "container", "compose", "kubernetes"):
        yield from (path for path in (DEPLOY / folder).iterdir() if path.is_file())


def test_every_setting_that_is_named_exists() -> None:
    named = {name for path in _files() for name in re.findall(r"LIENTHONG_[A-Z_]+", path.read_text(encoding="utf-8"))}
    assert named
    assert named - _KNOWN == set()


def test_every_command_that_is_named_exists() -> None:
    named = {
        name
        for path in _files()
        for name in re.findall(r"\b(?:connectors|streams|console)\.[a-z_]+", path.read_text(encoding="utf-8"))
    }
    assert {"connectors.run_source", "connectors.run_sink", "streams.app"} <= named
    assert [name for name in named if not (PROJECT / (name.replace(".", "/") + ".py")).exists()] == []


def test_compose_is_well_formed_and_publishes_on_loopback_alone() -> None:
    path = DEPLOY / "compose" / "compose.yaml"
    services = _YAML.load(path.read_text(encoding="utf-8"))["services"]
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    _run("docker-compose", "-f", str(path), "config", "--quiet", needs="docker-compose")


def _kubernetes() -> list[Any]:
    return [
        part for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for part in _YAML.load_all(path.read_text())
    ]


def test_kubernetes_puts_all_of_it_together() -> None:
    told = _run("kubectl", "kustomize", str(DEPLOY / "kubernetes"), needs="kubectl")
    assert told.count("\nkind: ") >= len(_kubernetes()) - 1


def test_pods_may_do_nothing_and_say_how_they_are() -> None:
    pods = [part["spec"]["template"]["spec"] for part in _kubernetes() if part["kind"] in ("Deployment", "StatefulSet")]
    assert len(pods) == 3
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        [container] = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
        assert container["resources"]["limits"]["memory"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        names = {volume["name"] for volume in pod["volumes"]} | {"data"}
        assert {mount["name"] for mount in container["volumeMounts"]} <= names


def test_users_of_strimzi_may_do_what_permissions_prints() -> None:
    users = {part["metadata"]["name"]: part["spec"] for part in _kubernetes() if part["kind"] == "KafkaUser"}
    text = (DEPLOY / "hanoi" / "systems" / "ho_tich.yaml").read_text(encoding="utf-8")
    assert _granted(users["ho-tich-kafka"]) == _needed(of_connectors(Manifest.model_validate(parse(text).value)))
    assert _granted(users["workers"]) == _needed(of_workers())
    assert _granted(users["store"]) == _needed(of_store())
    assert _granted(users["console"]) == _needed(of_console())


def _granted(user: Any) -> set[tuple[str, ...]]:
    kinds = {"transactionalId": "transactional-id"}
    return {
        (
            kinds.get(acl["resource"]["type"], acl["resource"]["type"]),
            acl["resource"]["name"],
            str(acl["resource"].get("patternType") == "prefix"),
            operation,
        )
        for acl in user["authorization"]["acls"]
        for operation in acl["operations"]
    }


def _needed(acls: list[Acl]) -> set[tuple[str, ...]]:
    return {(acl.resource, acl.name, str(acl.prefixed), operation) for acl in acls for operation in acl.operations}
