"""The manifests of the bench: two source tables of one entity, and other formats on the two sides."""

from typing import Final

_PUBLISHES: Final = """
  - from: public.cong_dan_{table}
    key: {{citizen_id: so_dinh_danh, else: so_dinh_danh}}
    fields:
      citizen_id: so_dinh_danh
      full_name: ho_ten
      birth_date: ngay_sinh
      sex: {{from: gioi_tinh, codes: {{Nam: male, Nữ: female}}}}
      residence: dia_chi
      phone: dien_thoai
      ward: ma_phuong
      home_place: so_ho_khau
      ethnicity: trang_thai
      note: ghi_chu
"""
#: The entity has no fields for the household and the status: they travel in two fields of the same kind.
SOURCE: Final = (
    'system: nguon\nconnect: {kind: postgres, dsn: "${file:nguon_dsn}"}\npublishes:\n  person:'
    + _PUBLISHES.format(table="a")
    + "    owns: [citizen_id, full_name, birth_date, sex, residence, phone, ward, home_place, ethnicity, note,"
    + " existence]"
    + _PUBLISHES.format(table="b")
)
TARGET: Final = """
system: dich
connect: {kind: postgres, dsn: "${file:dich_dsn}"}
subscribes:
  person:
    into: public.cong_dan
    key: {so_dinh_danh: citizen_id}
    fields:
      ho_va_ten: full_name
      ngay_sinh: {from: birth_date, format: dd/MM/yyyy}
      gioi_tinh: {from: sex, codes: {M: male, F: female}}
      noi_o: residence
      so_dien_thoai: {from: phone, format: e164}
      ma_xa: ward
      ho_khau: home_place
      trang_thai: ethnicity
      ghi_chu: note
    purpose: đo tốc độ
"""
