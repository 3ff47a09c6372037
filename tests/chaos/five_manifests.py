"""The five systems of five/*.yaml and *.sql: manifests and schemas of the tests' own, shaped like a real city's."""

from importlib.resources import files

from schemas.manifest import Manifest
from schemas.manifest_yaml import parse

#: By publishing system, the table that it publishes and receives into.
TABLES = {"ho_tich": "public.cong_dan", "dan_cu": "public.nhan_khau", "dkkd": "public.chu_ho"}
SYSTEMS = (*TABLES, "suc_khoe", "bao_cao")


def manifest_text(system: str) -> str:
    """The manifest as it stands in its file."""
    return (files("tests.chaos.five") / f"{system}.yaml").read_text(encoding="utf-8")


def ddl(system: str) -> str:
    """The schema of a publishing system, with the history of what people wrote."""
    folder = files("tests.chaos.five")
    return (folder / "history.sql").read_text(encoding="utf-8") + (folder / f"{system}.sql").read_text(encoding="utf-8")


def manifest(system: str, **connect: object) -> Manifest:
    """The manifest, with other settings under `connect`."""
    body = parse(manifest_text(system)).value
    return Manifest.model_validate({**body, "connect": {**body["connect"], **connect}})
