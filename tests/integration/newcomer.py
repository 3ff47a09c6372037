"""A school that joins a running city: it publishes the phones of some people and receives those of one ward."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import psycopg

from deploy.embedded.city_processes import MANIFESTS
from deploy.embedded.secret_files import write_dsn
from tests.integration.whole_city import WholeCity

SYSTEM = "truong_hoc"
_MANIFEST = """\
system: truong_hoc
name: {{vi: Tuyển sinh đầu cấp, en: School enrolment}}
steward: Sở Giáo dục và Đào tạo
cadence: 10s
connect: {{kind: postgres, dsn: "${{file:truong_hoc_dsn}}"}}
publishes:
  person:
    from: public.lien_lac
    key: {{citizen_id: so_dinh_danh, else: id}}
    fields: {{citizen_id: so_dinh_danh, phone: dien_thoai}}
subscribes:
  person:
    into: public.hoc_sinh
    key: {{ma: key}}
    fields: {{ho_ten: full_name, ma_xa: ward}}
    where: "ward == '{ward}'"
    purpose: tuyển sinh lớp 1
    legal_basis: NĐ 278/2025
"""
_TABLES = """\
create table lien_lac (id bigint generated always as identity primary key, so_dinh_danh text, dien_thoai text);
alter table lien_lac replica identity full;
create table hoc_sinh (ma text primary key, ho_ten text, ma_xa text);
"""


class Newcomer:
    """Its database stands on the city's server, its manifest in a copy of the city's folder."""

    def __init__(self, city: WholeCity, folder: Path) -> None:
        self._city = city
        self.manifests = Path(shutil.copytree(MANIFESTS, folder / "systems"))

    def build(self, phones: dict[str, str]) -> None:
        """`phones` by citizen id."""
        dsn = (self._city.data.secrets / "ho_tich_dsn").read_text(encoding="utf-8").strip()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"create database {SYSTEM}")
        own = psycopg.conninfo.make_conninfo(dsn, dbname=SYSTEM)
        with psycopg.connect(own) as connection:
            connection.execute(_TABLES)
            connection.cursor().executemany(
                "insert into lien_lac (so_dinh_danh, dien_thoai) values (%s, %s)", list(phones.items())
            )
        write_dsn(self._city.data.secrets, SYSTEM, own)

    def declare(self, *, ward: str) -> None:
        """Whom it receives."""
        (self.manifests / f"{SYSTEM}.yaml").write_text(_MANIFEST.format(ward=ward), encoding="utf-8")

    def withdraw(self) -> None:
        (self.manifests / f"{SYSTEM}.yaml").unlink()

    def apply(self) -> CompletedProcess[str]:
        return self._city.lienthong("apply", str(self.manifests), "--yes")

    def pupils(self) -> set[str]:
        """The keys that it holds."""
        return {key for (key,) in self._city.rows(SYSTEM, "select ma from hoc_sinh")}

    def holds(self, people: set[str]) -> bool:
        """Whether those are exactly whom it holds."""
        return self.pupils() == people

    def of_ward(self, ward: str) -> set[str]:
        """Whom it should hold: where population has said nothing of a ward, what was said at the birth counts."""
        key = "coalesce('citizen_id:' || so_dinh_danh, 'ho_tich#' || id)"
        registered = dict(self._city.rows("ho_tich", f"select {key}, ma_xa from cong_dan"))
        told = self._city.rows("dan_cu", "select ma_lien_thong, ma_don_vi_hanh_chinh from nhan_khau")
        return {key for key, found in told if (found or registered[key]) == ward}

    def slots(self) -> list[str]:
        """What the server keeps for whoever reads its log."""
        query = f"select slot_name from pg_replication_slots where database = '{SYSTEM}'"
        return [name for (name,) in self._city.rows("ho_tich", query)]


@contextmanager
def corrections(city: WholeCity) -> Iterator[None]:
    """Civil status corrects names, one after another, until the block is left."""
    dsn = (city.data.secrets / "ho_tich_dsn").read_text(encoding="utf-8").strip()
    is_over = threading.Event()

    def correct() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            people = [number for (number,) in connection.execute("select id from cong_dan order by id limit 300")]
            for turn in range(10_000):
                if is_over.wait(0.02):
                    return
                connection.execute(
                    "update cong_dan set ho_ten = regexp_replace(ho_ten, ' An$', '') || %s where id = %s",
                    [" An" if turn % 2 else "", people[turn % len(people)]],
                )

    officer = threading.Thread(target=correct)
    officer.start()
    try:
        yield
    finally:
        is_over.set()
        officer.join()
