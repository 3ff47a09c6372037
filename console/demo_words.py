"""The words of the demo, in Vietnamese and English."""

from typing import Final

from console.vocabulary import Vocabulary

_VIETNAMESE: Final = {
    "birth": "Khai sinh: {name}, sinh ngày {day}, chưa có số định danh",
    "number": "Cấp số định danh cho {name}, đăng ký nơi thường trú",
    "name": "Cải chính họ tên: {old} → {new}",
    "death": "Khai tử: {name}, ngày {day}",
    "done_in": "tại {system}",
    "committed": "đã ghi",
    "captured": "đã lấy",
    "routed": "đã chuyển",
    "arrived": "đã đến",
    "new_row": "có bản ghi mới",
    "renamed": "cùng bản ghi đó, nay mang số định danh",
    "corrected": "đã cập nhật {columns}",
    "all": "✔ Cả {count} việc đã đến {systems} hệ thống; lâu nhất {slowest} ms.",
    "place": "Hà Nội",
}
_ENGLISH: Final = {
    "birth": "A birth is registered: {name}, born {day}, without a citizen id yet",
    "number": "{name} gets a citizen id and a place of residence",
    "name": "A name is corrected: {old} → {new}",
    "death": "A death is registered: {name}, {day}",
    "done_in": "in {system}",
    "committed": "committed",
    "captured": "captured",
    "routed": "routed",
    "arrived": "arrived",
    "new_row": "a new record",
    "renamed": "the same record, now under the citizen id",
    "corrected": "{columns} updated",
    "all": "✔ All {count} changes arrived, in {systems} systems; the slowest took {slowest} ms.",
    "place": "Hà Nội",
}

say = Vocabulary(vietnamese=_VIETNAMESE, english=_ENGLISH)
