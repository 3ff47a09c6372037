-- Population: other names, another form of dates and phones, and room for people whose citizen id is still to come.
create table if not exists public.nhan_khau (
  ma_lien_thong         text primary key,                   -- the key by which Liên thông knows the person
  so_dinh_danh          varchar(12),
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
create index if not exists nhan_khau_so_dinh_danh on public.nhan_khau (so_dinh_danh);
