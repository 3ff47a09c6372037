-- Population: other names, another form of dates and phones, and room for people whose citizen id is still to be given.
create table if not exists public.nhan_khau (
  id                    bigint generated always as identity primary key,
  ma_lien_thong         text unique,                        -- the key by which Liên thông knows the person
  so_dinh_danh          varchar(12) unique,
  so_dinh_danh_cu       varchar(12),                        -- the number before this one, where it was cancelled and given anew
  so_cmnd_cu            varchar(9),
  ho_va_ten             varchar(120) not null,
  ngay_thang_nam_sinh   varchar(10),                        -- yyyy-MM-dd, yyyy-MM or yyyy
  gioi_tinh             varchar(3),                         -- Nam, Nữ
  dan_toc               varchar(50),
  que_quan              text,
  noi_o_hien_tai        text,
  ma_don_vi_hanh_chinh  char(5),
  so_dien_thoai         varchar(16),                        -- E.164
  ngay_qua_doi          date
);
-- A deleted row must still tell which person it was about.
alter table public.nhan_khau replica identity full;

-- Whoever is entered here by hand is known by the number at once; whoever arrives under a number has it.
create or replace function public.nhan_khau_ma() returns trigger language plpgsql as $$
begin
  new.ma_lien_thong := coalesce(new.ma_lien_thong, 'citizen_id:' || new.so_dinh_danh);
  new.so_dinh_danh := coalesce(new.so_dinh_danh, substring(new.ma_lien_thong from '^citizen_id:([0-9]{12})$'));
  return new;
end $$;
create or replace trigger nhan_khau_ma before insert on public.nhan_khau
  for each row execute function public.nhan_khau_ma();
