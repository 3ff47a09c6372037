"""The source table and the target table of the load, and how a row of each reads in one common form."""

from typing import Final, NamedTuple

COLUMNS: Final = """
  so_dinh_danh varchar(12) primary key, ho_ten varchar(100) not null, ngay_sinh date not null,
  gioi_tinh varchar(4) not null, dia_chi varchar(200) not null, dien_thoai varchar(15),
  ma_phuong varchar(5) not null, so_ho_khau varchar(12),
  trang_thai varchar(16) not null, version int not null, ghi_chu text not null,
  updated_at timestamptz not null default clock_timestamp()"""

#: Stamps what is applied, and logs what is deleted, also where the server itself replicates.
_STAMPS: Final = """
create table public.cong_dan_del_log(so_dinh_danh varchar(12), at timestamptz);
create function public.cong_dan_applied() returns trigger language plpgsql as
  $$begin new.applied_at := clock_timestamp(); return new; end$$;
create function public.cong_dan_deleted() returns trigger language plpgsql as
  $$begin insert into public.cong_dan_del_log values(old.so_dinh_danh, clock_timestamp()); return null; end$$;
create trigger cong_dan_applied before insert or update on public.cong_dan
  for each row execute function public.cong_dan_applied();
create trigger cong_dan_deleted after delete on public.cong_dan
  for each row execute function public.cong_dan_deleted();
alter table public.cong_dan enable always trigger cong_dan_applied;
alter table public.cong_dan enable always trigger cong_dan_deleted;
"""


class Side(NamedTuple):
    """A table as a carrier wants it. `common`: SQL that gives a row's columns as every side writes them."""

    ddl: str
    common: str


_PLAIN_COMMON: Final = (
    "so_dinh_danh, ho_ten, to_char(ngay_sinh, 'YYYY-MM-DD'), gioi_tinh, dia_chi, dien_thoai, ma_phuong, so_ho_khau,"
    " trang_thai, ghi_chu"
)
#: One table.
SOURCE: Final = Side(f"create table public.cong_dan({COLUMNS});", _PLAIN_COMMON)
#: Two tables, which the load writes to as if they were one.
TWO_SOURCES: Final = Side(
    f"create table public.cong_dan({COLUMNS}) partition by range (so_dinh_danh);"
    "create table public.cong_dan_a partition of public.cong_dan for values from (minvalue) to ('050');"
    "create table public.cong_dan_b partition of public.cong_dan for values from ('050') to (maxvalue);",
    _PLAIN_COMMON,
)
#: The same columns as the source.
COPY: Final = Side(f"create table public.cong_dan({COLUMNS}, applied_at timestamptz);{_STAMPS}", _PLAIN_COMMON)
#: Dates, sexes and phones in other formats than the source.
MAPPED: Final = Side(
    "create table public.cong_dan(so_dinh_danh varchar(12) primary key, ho_va_ten text, ngay_sinh text, gioi_tinh text,"
    " noi_o text, so_dien_thoai text, ma_xa text, ho_khau text, trang_thai text, ghi_chu text, applied_at timestamptz);"
    + _STAMPS,
    "so_dinh_danh, ho_va_ten, to_char(to_date(ngay_sinh, 'DD/MM/YYYY'), 'YYYY-MM-DD'),"
    " case gioi_tinh when 'M' then 'Nam' else 'Nữ' end, noi_o, '0' || substr(so_dien_thoai, 4), ma_xa, ho_khau,"
    " trang_thai, ghi_chu",
)


def digest(common: str) -> str:
    """SQL: number of rows, sum of their versions, and a digest over all columns in the order of the ids."""
    return (
        "select count(*), coalesce(sum(substring(ghi_chu from 'v([0-9]+)')::bigint), 0), md5(string_agg(md5("
        f"concat_ws('|', {common})), '' order by so_dinh_danh collate \"C\")) from public.cong_dan"
    )


#: The same without the columns: quick enough to be asked again and again.
COUNTS: Final = "select count(*), coalesce(sum(substring(ghi_chu from 'v([0-9]+)')::bigint), 0) from public.cong_dan"
