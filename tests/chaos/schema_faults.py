"""Changes of a register's structure while everything runs: some that can be read on, some that cannot."""

import psycopg
from psycopg import sql

from tests.chaos.yard import Yard

_COMPATIBLE = """
alter table public.cong_dan add column {column} text;
"""
_USED = "update public.cong_dan set {column} = 'mới' where id = (select max(id) from public.cong_dan)"
#: The officer who writes while the column has another name says everything again afterwards.
_BREAKING = """
select set_config('application_name', 'can_bo', true);
alter table public.cong_dan rename column gioi_tinh to gioi_tinh_khac;
update public.cong_dan set ho_ten = ho_ten || ' x' where id = {row};
alter table public.cong_dan rename column gioi_tinh_khac to gioi_tinh;
"""
_MENDED = """
select set_config('application_name', 'can_bo', true);
update public.cong_dan set ho_ten = left(ho_ten, -2) where id = {row};
"""


def compatible_schema(yard: Yard) -> None:
    """A column more, and somebody writes into it."""
    column = sql.Identifier(f"moi_{yard.done['schema changes, compatible'] + 1}")
    for statement in (_COMPATIBLE, _USED):
        with psycopg.connect(yard.city.postgres.dsn("ho_tich")) as connection:
            connection.execute(sql.SQL(statement).format(column=column))
    yard.count("schema changes, compatible")


def breaking_schema(yard: Yard) -> None:
    """A mapped column has another name for one transaction: what was written in it is parked, the rest flows on."""
    with psycopg.connect(yard.city.postgres.dsn("ho_tich")) as connection:
        found = connection.execute("select min(id) from public.cong_dan").fetchone()
    if found is None or found[0] is None:
        return
    for statement in (_BREAKING, _MENDED):
        with psycopg.connect(yard.city.postgres.dsn("ho_tich")) as connection:
            connection.execute(sql.SQL(statement).format(row=sql.Literal(found[0])))
    yard.parked += 1
    yard.count("schema changes, breaking")
