"""`python -m tests.chaos.rehearsal upgrade|restore`: what nobody should do for the first time when it matters.

A whole city, as `make run` starts it, with some hundred people who go on changing. At the end of each act every system
must hold what authority demands, `lienthong ledger` must balance, and `lienthong reconcile` must find nothing.

upgrade: an earlier version (`--from`, a git revision) makes the data; the present one goes on with them; and back.
restore: Kafka, registry, store, secrets and everything else of the machine but the systems' own data are destroyed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.postgres import Postgres
from tests.chaos.processes import wait_until
from tests.integration.whole_city import PROJECT, WholeCity

_SETTLE_SECONDS = 120.0
_GIT, _MAKE = (shutil.which(name) or name for name in ("git", "make"))
#: What an operator keeps apart, as docs/production.md says; the registry and the store may begin empty.
_LOST = ("servers/kafka", "servers/registry", "state", "sources", "secrets", "run", "logs")


class Rehearsal:
    """One data directory, on which cities of several versions run one after another."""

    def __init__(self, folder: Path) -> None:
        self.data = DataDirectory(folder / "data")
        self._folder, self._acts = folder, 0

    @contextmanager
    def city(self, what: str, project: Path = PROJECT) -> Iterator[WholeCity]:
        """Running and ready; stopped at the end, as Ctrl-C does it."""
        self._acts += 1
        say(f"{self._acts}. {what}")
        began = time.monotonic()
        log = self._folder / f"up-{self._acts}.log"
        running = WholeCity(self.data, log, project=project)
        try:
            running.wait_until_ready()
            say(f"   ready after {time.monotonic() - began:.0f} s")
            yield running
        finally:
            running.stop()

    def people_go_on(self, city: WholeCity) -> None:
        """Births, moves, corrections and a death of the mistake; returns without waiting for them to arrive."""
        act = self._acts
        city.rows("ho_tich", f"update cong_dan set ho_ten = ho_ten || ' Nhi' where id % 7 = {act}")
        city.rows("dan_cu", f"update nhan_khau set noi_o_hien_tai = 'Số {act} phố Mới' where id % 9 = {act}")
        city.rows(
            "ho_tich",
            "insert into cong_dan (ho_ten, ngay_sinh, gioi_tinh, ma_xa)"
            f" select 'Trần Bé ' || n, '01/11/2026', '1', '00004' from generate_series({act}0, {act}4) n",
        )


def say(line: str) -> None:
    """To who looks on."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def all_is_well(city: WholeCity, what: str) -> None:
    """Waits until every system holds what it should, then asks the account and the targets themselves."""
    wait_until(
        lambda: not city.faults(), seconds=_SETTLE_SECONDS, what=what, detail=lambda: "\n".join(city.faults()[:20])
    )

    def balanced() -> bool:
        return city.lienthong("ledger").returncode == 0

    wait_until(balanced, seconds=_SETTLE_SECONDS, what="the ledger", detail=lambda: city.lienthong("ledger").stdout)
    looked = city.lienthong("reconcile", "--lang", "en")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    say(f"   {what}: {len(city.rows('dan_cu', 'select 1 from nhan_khau'))} people, all as it should be")


def tidy_up(city: WholeCity) -> None:
    """What a service still holds of before cannot be read back and taken away by us: once all has arrived, a person
    takes it away, as docs/production.md says."""

    def extra() -> set[str]:
        return city.health_records().keys() - city.expected_health_records().keys()

    def others() -> list[str]:
        return sorted(set(city.faults()) - {f"health record {key}" for key in extra()})

    wait_until(lambda: not others(), seconds=_SETTLE_SECONDS, what="all but that", detail=lambda: str(others()[:20]))
    left = extra()
    say(f"   {len(left)} records of before are left in the service: a person takes them away")
    city.remove_health_records(left)


def upgrade(rehearsal: Rehearsal, earlier: Path) -> None:
    """The earlier version, the present one, the earlier one again."""
    with rehearsal.city("the earlier version makes the data", earlier) as city:
        all_is_well(city, "filled")
        rehearsal.people_go_on(city)  # and it is stopped in the midst of that
    with rehearsal.city("the present version goes on with them") as city:
        all_is_well(city, "what was on its way has arrived")
        rehearsal.people_go_on(city)
    with rehearsal.city("the way back", earlier) as city:
        all_is_well(city, "what was on its way has arrived")
        rehearsal.people_go_on(city)
        all_is_well(city, "and the earlier version works")


def restore(rehearsal: Rehearsal) -> None:
    """All but the systems' own data is destroyed, and the systems change meanwhile."""
    with rehearsal.city("a city") as city:
        all_is_well(city, "filled")
        rehearsal.people_go_on(city)
        all_is_well(city, "worked")
        systems = {path.name: path.read_text() for path in rehearsal.data.secrets.iterdir()}
        rehearsal.people_go_on(city)  # nobody has heard of that when everything ends
    destroy(rehearsal.data, systems)
    with rehearsal.city("restored: an empty Kafka, the same manifests, the secrets from the safe") as city:
        tidy_up(city)
        all_is_well(city, "what was never sent has arrived, too")
        rehearsal.people_go_on(city)
        all_is_well(city, "and it works")


def destroy(data: DataDirectory, safe: dict[str, str]) -> None:
    """`safe`: the secrets, which come back. The systems' databases and what the service keeps are not ours to lose."""
    for name in _LOST:
        shutil.rmtree(data.path / name)
    data.make()
    for name, text in safe.items():
        path = data.secrets / name
        path.touch(mode=0o600)
        path.write_text(text)
    server = Postgres(data.servers / "postgres")
    server.configure()
    server.start()
    try:
        server.wait_ready()
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute("drop database lienthong")
    finally:
        server.stop()


@contextmanager
def earlier_version(revision: str, folder: Path) -> Iterator[Path]:
    """Its source tree, with the packages that it asked for."""
    tree = folder / "earlier"
    subprocess.run([_GIT, "worktree", "add", "--quiet", "--detach", str(tree), revision], cwd=PROJECT, check=True)
    try:
        say("the packages of the earlier version are installed")
        subprocess.run([_MAKE, "--silent", f"PY={sys.executable}", ".venv/run.stamp"], cwd=tree, check=True)
        yield tree
    finally:
        subprocess.run([_GIT, "worktree", "remove", "--force", str(tree)], cwd=PROJECT, check=True)


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.rehearsal", description=__doc__)
    parser.add_argument("what", choices=("upgrade", "restore"))
    parser.add_argument("--from", dest="revision", default="HEAD~1", help="git revision of the earlier version")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lienthong-rehearsal-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        rehearsal = Rehearsal(folder)
        if options.what == "restore":
            restore(rehearsal)
        else:
            with earlier_version(options.revision, folder) as tree:
                upgrade(rehearsal, tree)
    say("well rehearsed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
