"""How the sample systems are reached: written at each start, without a secret that is readable by others."""

from pathlib import Path

from deploy.embedded.city_systems import furnish
from deploy.embedded.data_directory import DataDirectory


def _furnish(data: DataDirectory, port: int) -> list[str]:
    data.make()
    specs = furnish(data, dsn=lambda name: f"postgresql://127.0.0.1:{port}/{name}", report=lambda _: None)
    return [spec.name for spec in specs]


def test_each_system_has_what_its_manifest_refers_to(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "data")
    assert _furnish(data, 5432) == ["system-suc_khoe"]
    assert (data.secrets / "dkkd_dsn").read_text() == "postgresql://127.0.0.1:5432/dkkd\n"
    assert Path((data.secrets / "bao_cao_folder").read_text().strip()).is_dir()
    assert {path.stat().st_mode & 0o077 for path in data.secrets.iterdir()} == {0}


def test_a_second_start_keeps_the_token_and_the_port_and_follows_the_databases(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "data")
    kept = ("suc_khoe_token", "suc_khoe_url")
    _furnish(data, 5432)
    before = [(data.secrets / name).read_text() for name in kept]
    _furnish(data, 5433)
    assert [(data.secrets / name).read_text() for name in kept] == before
    assert ":5433/" in (data.secrets / "ho_tich_dsn").read_text()


def test_a_dsn_that_somebody_put_there_stays(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "data")
    data.make()
    (data.secrets / "truong_hoc_dsn").write_text("postgresql://xa/truong_hoc")
    _furnish(data, 5432)
    assert (data.secrets / "truong_hoc_dsn").read_text() == "postgresql://xa/truong_hoc"
