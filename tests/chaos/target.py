"""The target table of the crash checker, its history by trigger, and what must be true of it at the end."""

from collections.abc import Iterable
from typing import NamedTuple

import psycopg

TARGET_DDL = """
create table public.nhan_khau(
  ma text primary key, so_dinh_danh varchar(12), ho_va_ten text, ngay_sinh text, gioi_tinh text, dia_chi text,
  ghi_chu text);
create table public.lich_su(
  stt bigint generated always as identity primary key, thao_tac text, ma text, ghi_chu text, ma_cu text);
create function public.ghi_lich_su() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then insert into public.lich_su(thao_tac, ma, ghi_chu) values ('delete', old.ma, old.ghi_chu);
  elsif tg_op = 'UPDATE' then
    insert into public.lich_su(thao_tac, ma, ghi_chu, ma_cu) values ('update', new.ma, new.ghi_chu, old.ma);
  else insert into public.lich_su(thao_tac, ma, ghi_chu) values ('insert', new.ma, new.ghi_chu);
  end if;
  return null;
end $$;
create trigger lich_su after insert or update or delete on public.nhan_khau
  for each row execute function public.ghi_lich_su();
"""

_EXPECTED = """
select coalesce('citizen_id:' || so_dinh_danh, 'nguon#' || id), so_dinh_danh, ho_ten,
  case when ngay_sinh like '__/__/____' then to_char(to_date(ngay_sinh,'DD/MM/YYYY'),'YYYY-MM-DD') else ngay_sinh end,
  case gioi_tinh when '1' then 'Nam' else 'Nữ' end, dia_chi, ghi_chu
from public.cong_dan order by 1"""
_ACTUAL = "select ma, so_dinh_danh, ho_va_ten, ngay_sinh, gioi_tinh, dia_chi, ghi_chu from public.nhan_khau order by 1"


class Difference(NamedTuple):
    """Rows by key that are in one side only, or differ."""

    missing: list[str]
    ghosts: list[str]
    different: list[str]

    def __bool__(self) -> bool:
        return bool(self.missing or self.ghosts or self.different)


def difference(source_dsn: str, target_dsn: str) -> Difference:
    """Source and target compared by key and value."""
    with psycopg.connect(source_dsn) as source, psycopg.connect(target_dsn) as target:
        expected = {row[0]: row for row in source.execute(_EXPECTED)}
        actual = {row[0]: row for row in target.execute(_ACTUAL)}
    return Difference(
        missing=sorted(expected.keys() - actual.keys()),
        ghosts=sorted(actual.keys() - expected.keys()),
        different=sorted(key for key in expected.keys() & actual.keys() if expected[key] != actual[key]),
    )


class Fault(NamedTuple):
    """One entry of the history that must not be there, and the row it is about."""

    uid: str
    message: str


def history_faults(target_dsn: str) -> list[Fault]:
    """What the target's history must never show: a key that goes back in time, or a state that is written twice.

    Counters are compared under one key: while a row's key changes, the new key may be written before the last word
    about the old one, for their owners work side by side.
    """
    with psycopg.connect(target_dsn) as target:
        return faults_in(target.execute("select stt, thao_tac, ma, ghi_chu from public.lich_su order by stt"))


def faults_in(history: Iterable[tuple[int, str, str, str]]) -> list[Fault]:
    """The same of entries (number, operation, key, note) in their order."""
    faults: list[Fault] = []
    newest: dict[tuple[str, str], int] = {}
    for number, operation, key, note in history:
        if operation == "delete":
            continue
        uid, _, text = note.partition(":")
        counter, last = int(text), newest.get((key, uid), 0)
        if counter < last:
            faults.append(Fault(uid, f"history {number}: went back from {last} to {counter} under {key}"))
        elif counter == last:
            faults.append(Fault(uid, f"history {number}: state {counter} written twice under {key}"))
        newest[key, uid] = counter
    return faults
