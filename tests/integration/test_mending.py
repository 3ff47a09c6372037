"""Dead letters are mended by hand in a whole small city: edited, retried in bulk, overtaken, and every step is kept."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from console import close_graves
from console.reading import BEGINNING, Reader
from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from schemas import topics
from tests.chaos.processes import wait_until
from tests.chaos.small_city import SmallCity, small_city
from tests.chaos.target import TARGET_DDL
from tests.integration.officer import typed
from tests.integration.planted_drift import PEOPLE, Drifting

_GOOD = {"ho_ten": "Trần Thị Bình", "ngay_sinh": "02/09/1990", "gioi_tinh": "2", "ghi_chu": "0:1"}
_WHY = ("--by", "lan", "--why", "đối chiếu sổ gốc", "--lang", "en")


class Office:
    """What an officer types, and what the two systems then hold."""

    def __init__(self, city: SmallCity) -> None:
        self.city = city

    def insert(self, **row: str) -> int:
        row = _GOOD | row
        columns, marks = ",".join(row), ",".join(["%s"] * len(row))
        with psycopg.connect(self.city.source_dsn) as connection:
            found = connection.execute(
                f"insert into public.cong_dan({columns}) values ({marks}) returning id".encode(), list(row.values())
            ).fetchone()
        assert found is not None
        return int(found[0])

    def change(self, statement: str) -> None:
        with psycopg.connect(self.city.source_dsn) as connection:
            connection.execute(statement.encode())

    def remap(self, old: str, new: str, *, system: str = "nguon") -> None:
        """A system's manifest, applied."""
        manifest = self.city.home / "systems" / f"{system}.yaml"
        text = manifest.read_text()
        assert old in text
        manifest.write_text(text.replace(old, new))
        self.city.apply()

    def standing(self, topic: str) -> dict[bytes, bytes]:
        """What stands in a compacted topic, by key."""
        found: dict[bytes, bytes] = {}
        with Reader(self.city.settings()) as reader:
            places = {(topic, number): BEGINNING for number in range(reader.topics()[topic])}
            for record in reader.to_the_end(places):
                found.pop(record.key or b"", None)
                if record.value is not None:
                    found[record.key or b""] = record.value
        return found

    def shrinks(self, topic: str, *, to: int) -> None:
        """Waits until fewer records stand there."""
        left = [0]

        def is_small() -> bool:
            left[0] = len(self.standing(topic))
            return left[0] < to

        wait_until(is_small, seconds=60, what=f"{topic} to shrink", detail=lambda: str(left[0]))

    def addresses(self) -> list[str | None]:
        with psycopg.connect(self.city.target_dsn) as connection:
            return [row[0] for row in connection.execute("select dia_chi from public.nhan_khau")]

    def target(self) -> dict[str, str]:
        with psycopg.connect(self.city.target_dsn) as connection:
            return dict(connection.execute("select ma, ho_va_ten from public.nhan_khau").fetchall())

    def arrives(self, key: str) -> None:
        wait_until(lambda: key in self.target(), seconds=90, what=key, detail=lambda: str(list(self.target())))

    def run(self, *arguments: str, code: int = 0) -> str:
        return typed(self.city.environment(), *arguments, code=code)

    def letters(self, told: str) -> str:
        """Waits until the list tells this; returns the list."""
        found = [""]

        def tells() -> bool:
            found[0] = self.run("dead-letters", "list", "--lang", "en")
            return told in found[0]

        wait_until(tells, seconds=60, what=told, detail=lambda: found[0])
        return found[0]

    def group(self, reason: str, told: str) -> str:
        """The id of the group of this reason."""
        line = next(line for line in self.letters(told).splitlines() if f"× {reason}" in line)
        found = re.search(r"group ([0-9a-f]{6})", line)
        assert found is not None
        return found[1]

    def letter(self, group: str) -> str:
        """The id of the newest letter of a group."""
        shown = self.run("dead-letters", "list", "--group", group, "--lang", "en")
        return next(found[0] for line in shown.splitlines() if (found := re.match(r"[0-9a-f]{12}", line)))


@pytest.fixture
def office(
    private_kafka: Callable[[], Kafka], private_postgres: Callable[[], Postgres], registry: str, tmp_path: Path
) -> Iterator[Office]:
    narrow = TARGET_DDL.replace("dia_chi text", "dia_chi varchar(40)")
    with ExitStack() as stack:
        city = stack.enter_context(
            small_city(private_kafka(), private_postgres(), registry, tmp_path, target_ddl=narrow)
        )
        for name in ("source", "w1", "sink"):
            city.start(name)
        yield Office(city)


@pytest.mark.timeout(600)
def test_mending(office: Office) -> None:
    """One city for all of it: to start it takes longer than what is tested."""
    first = office.insert()
    office.arrives(f"nguon#{first}")
    _a_wrong_number_is_edited(office)
    _what_was_overtaken_is_closed(office)
    _what_drifts_is_found_and_mended(office)
    _graves_are_closed(office)
    _what_the_target_refused_is_delivered_after_all(office)
    _a_group_is_retried_once_its_mapping_is_mended(office)
    _history_is_read_by_another_mapping(office)


def _a_wrong_number_is_edited(office: Office) -> None:
    number, right = office.insert(so_dinh_danh="00109901234", ho_ten="Lê Văn Sai"), "001099012345"
    letter = office.letter(office.group("", "1 open"))
    shown = office.run("dead-letters", "show", letter, "--lang", "en")
    assert "11 digits" in shown and "Lê Văn Sai" not in shown and "00109901234" not in shown
    assert "say why" in office.run("dead-letters", "show", letter, "--reveal", code=1)
    assert "Lê Văn Sai" in office.run("dead-letters", "show", letter, "--reveal", *_WHY)

    correction = ("dead-letters", "edit", letter, "--set", f"so_dinh_danh={right}")
    still = office.run("dead-letters", "edit", letter, "--set", "ho_ten=Lê Văn Đúng", "--yes", *_WHY, code=1)
    assert "still cannot be processed" in still
    tried = office.run(*correction, "--dry-run", *_WHY)
    assert "dich" in tried and "a new record" in tried and "full_name: Lê Văn Sai" in tried and right not in tried
    assert f"citizen_id:{right}" not in office.target()
    office.run(*correction, "--yes", *_WHY)
    office.arrives(f"citizen_id:{right}")
    shown = office.run("dead-letters", "show", letter, "--lang", "en")
    for told in ("edited and sent again", "lan  saw the values: đối chiếu sổ gốc", "lan  edited it (so_dinh_danh)"):
        assert told in shown
    office.change(f"delete from public.cong_dan where id = {number}")
    wait_until(lambda: f"citizen_id:{right}" not in office.target(), seconds=60, what="what the source deletes is gone")


def _what_was_overtaken_is_closed(office: Office) -> None:
    number = office.insert(ngay_sinh="31/02/1990", ho_ten="Người Cũ")
    group = office.group("bad_date", "1 × bad_date")
    letter = office.letter(group)
    office.change(f"update public.cong_dan set ngay_sinh = '28/02/1990', ho_ten = 'Người Mới' where id = {number}")
    office.arrives(f"nguon#{number}")
    office.letters("0 × bad_date")
    tried = office.run("dead-letters", "retry", letter, "--yes", *_WHY)
    assert "still cannot be processed" in tried or "closed 1" in tried
    office.run("dead-letters", "edit", letter, "--set", "ngay_sinh=01/01/1980", "--yes", *_WHY)
    assert "closed it" in office.run("dead-letters", "show", letter, "--lang", "en")
    assert office.target()[f"nguon#{number}"] == "Người Mới"


def _what_drifts_is_found_and_mended(office: Office) -> None:
    """Every kind, under traffic, and nothing else; also what was deleted before the subscription took another form."""
    drifting = Drifting(office.city, office.run)
    drifting.begin()
    gone = drifting.delete(*range(1, 11))
    office.remap("{Nam: male, Nữ: female}", "{N: male, F: female}", system="dich")
    drifting.is_resent(gioi_tinh="N")
    with drifting.traffic():
        assert drifting.reconciled(code=0) == {}
        right = drifting.rows()
        drifting.put(*gone.values())
        drifting.change(*range(20, 45))
        drifting.lose(*range(50, 65))
        planted = {"different": [*range(20, 45)], "missing": [*range(50, 65)], "extra": [*range(1, 11)]}
        assert drifting.reconciled(code=1) == planted
        assert drifting.reconciled("--repair", "--yes", code=0) == planted
        assert drifting.rows() == right

        office.remap("purpose: kiểm thử", "on_drift: repair\n    exclusive: true\n    purpose: kiểm thử", system="dich")
        drifting.change(70)
        somebody = gone["citizen_id:001000000001"]
        drifting.put(somebody, ("citizen_id:001000099999", *somebody[1:]))
        assert drifting.reconciled(code=0) == {"different": [70], "extra": [1, 99999]}
        assert drifting.rows() == right
    drifting.close()


def _graves_are_closed(office: Office) -> None:
    """Of all whom the source has deleted, as if it were long ago; whoever comes again is somebody new."""
    settings = office.city.settings()
    states, deliveries = topics.state("person"), topics.to("dich", "person")
    assert len(office.standing(deliveries)) > PEOPLE
    assert "graves stay" not in office.run("close-graves")
    known = office.standing(states).keys() & office.standing(deliveries).keys()
    close_graves.ask(settings, "person", 2**62, range(settings.partitions))
    for topic in (states, deliveries):
        office.shrinks(topic, to=50)
    gone = known - office.standing(deliveries).keys()
    assert b"citizen_id:001000000050" in gone
    assert not gone & office.standing(states).keys()
    number = office.insert(so_dinh_danh="001000000050", ho_ten="Người trở lại")
    office.arrives("citizen_id:001000000050")
    office.change(f"delete from public.cong_dan where id = {number}")
    wait_until(lambda: "citizen_id:001000000050" not in office.target(), seconds=60, what="gone again")


def _what_the_target_refused_is_delivered_after_all(office: Office) -> None:
    number = office.insert(dia_chi="ngõ " * 20)
    group = office.group("", "1 open")
    assert f"nguon#{number}" not in office.target()
    with psycopg.connect(office.city.target_dsn) as connection:
        connection.execute("alter table public.nhan_khau alter dia_chi type text")
    office.run("dead-letters", "retry", "--group", group, "--yes", *_WHY)
    office.arrives(f"nguon#{number}")


def _a_group_is_retried_once_its_mapping_is_mended(office: Office) -> None:
    numbers = [office.insert(gioi_tinh="3") for _ in range(5)]
    group = office.group("unknown_code", "5 × unknown_code")
    office.run("dead-letters", "retry", "--group", group, "--yes", *_WHY, code=1)
    # Without its source: else that would read its table anew by the new mapping.
    office.city.processes.pop("source").stop()
    office.remap('"2": female}', '"2": female, "3": female}')
    tried = office.run("dead-letters", "retry", "--group", group, "--dry-run", *_WHY)
    assert "5 would be sent again" in tried and "a new record" in tried
    office.run("dead-letters", "retry", "--group", group, "--yes", *_WHY)
    for number in numbers:
        office.arrives(f"nguon#{number}")
    assert "5 sent again" in office.letters("0 × unknown_code")


def _history_is_read_by_another_mapping(office: Office) -> None:
    """The source is still away: what was captured is enough."""
    office.remap("residence: dia_chi", "residence: ghi_chu")
    known = len(office.target())
    tried = office.run("replay", "nguon", "--dry-run", "--lang", "en")
    assert "residence: (empty) → 0:1" in tried
    assert office.addresses() != ["0:1"] * known
    assert "say why" in office.run("replay", "nguon", "--yes", code=1)
    office.run("replay", "nguon", "--yes", *_WHY)
    wait_until(lambda: office.addresses() == ["0:1"] * known, seconds=60, what="all rows by the new mapping")
    assert "0 to be read by today's mapping" in office.run("replay", "nguon", "--dry-run", "--lang", "en")
