"""The words of what officers read, in Vietnamese and English, and how numbers and spans of time are written."""

from enum import StrEnum

from console import account_words

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))

_VIETNAMESE = {
    "title": "Tình hình liên thông",
    "system": "Hệ thống",
    "role": "Vai trò",
    "source": "nguồn",
    "sink": "đích",
    "phase": "Trạng thái",
    "freshness": "Độ tươi",
    "captured": "Đã lấy",
    "delivered": "Đã giao",
    "quarantined": "Cách ly",
    "waiting": "Đang chờ",
    "absent": "chưa chạy",
    "silent": "mất tín hiệu",
    "starting": "khởi động",
    "snapshot": "chụp đầu",
    "streaming": "đang chạy",
    "retrying": "thử lại",
    "stopped": "đã dừng",
    "paused": "tạm dừng",
    "pause_stands": "có lệnh tạm dừng ({why})",
    "never": "chưa có",
    "troubles": "Sự cố gần nhất",
    "legend": "Độ tươi so với nhịp đã khai: ● đúng nhịp  ▲ chậm  ✖ quá chậm",
    "workers": "{count} bản ghi chờ bộ xử lý; nếu không giảm, xem nhật ký của các worker",
    "resync": "{system}: đang đọc lại {table}, {rows} dòng; còn {left} bảng",
    "revision": "Danh mục, bản {revision}",
    "day": "ngày",
    "hour": "giờ",
    "minute": "phút",
    "second": "giây",
    "live": "đang có, bản {version}, từ {time}",
    "never_was": "chưa từng có hồ sơ",
    "deleted": "không còn, bản {version}, từ {time}",
    "moved": "đã chuyển sang mã khác, bản {version}, từ {time}",
    "asked": "Hỏi theo {asked}, nay là {key}",
    "found_by": "Tìm thấy theo giá trị {asked} của trường {field}",
    "formerly": "Trước đây là {keys}",
    "also": "Cũng là {keys}: {who} nói vậy",
    "disputed": "Các dòng không thống nhất mã này thuộc về ai: {said}",
    "existence": "Tồn tại: {why}",
    "existence_owner": "{systems} quyết định, và nói là có",
    "existence_birth": "{systems} báo lần đầu; {owners} có quyền quyết định nhưng chưa nói gì",
    "existence_any": "hệ thống nào nói cũng được: {systems}",
    "existence_gone": "{owners} quyết định, và không nói là có",
    "existence_none": "không còn hệ thống nào nói đến",
    "field": "Trường",
    "value": "Giá trị",
    "said_by": "Ai nói",
    "since": "Từ lúc",
    "why": "Vì sao",
    "empty": "(nói là để trống)",
    "owner": "cơ quan chủ quản của trường này",
    "next": "kế tiếp: {owners} không nói gì",
    "first": "đứng đầu; không ai là chủ quản",
    "kept": "giữ lại; có giá trị khi bên trên không nói nữa",
    "echoed": "chỉ lặp lại điều đã được gửi, không phải lời của mình",
    "unheard": "chưa tính; hồ sơ không còn",
    "held": "chờ người quyết định: {reason}",
    "under": "gửi đến dưới mã {key}",
    "nobody_says": "chưa ai nói",
    "nothing": "chưa có gì",
    "or": " hoặc ",
    "lost_zero": "có thể mất số 0 ở đầu; sửa trong {system}",
    "ward_split": "phường, xã cũ đã chia về nhiều nơi; xem địa chỉ, nhập mã mới",
    "unknown_ward": "mã không có trong danh mục cũ của thành phố; sửa trong {system}",
    "withdrawn": "Dòng đã rút: {row}, từ {time}",
    "left": "Dòng đã rời đi: {row}, từ {time}, nay ở {key}",
    "subscriber": "Bên nhận",
    "sent": "Đã gửi lần cuối",
    "holds": "bản {version}, đang giữ",
    "holds_not": "bản {version}, nay không còn được giữ",
    "never_sent": "chưa gửi lần nào: ngoài phạm vi, hoặc chưa có gì để gửi",
    "nobody_receives": "Không có bên nhận nào đăng ký.",
    "unknown_key": "tìm {key} trong {topic}: chưa có gì được biết dưới mã này; viết số định danh 12 số, số CMND 9 số, "
    "hoặc <hệ thống>#<số của hệ thống đó>",
    "several": "tìm {key} trong {topic}: có {count} hồ sơ mang giá trị này: {keys}; hỏi theo một trong các mã đó",
}

_ENGLISH = {
    "title": "The city's synchronisation",
    "system": "System",
    "role": "Role",
    "source": "source",
    "sink": "sink",
    "phase": "Phase",
    "freshness": "Freshness",
    "captured": "Captured",
    "delivered": "Delivered",
    "quarantined": "Quarantined",
    "waiting": "Waiting",
    "absent": "never ran",
    "silent": "silent",
    "starting": "starting",
    "snapshot": "snapshot",
    "streaming": "streaming",
    "retrying": "retrying",
    "stopped": "stopped",
    "paused": "paused",
    "pause_stands": "a pause stands ({why})",
    "never": "none yet",
    "troubles": "Last trouble",
    "legend": "Freshness against the declared cadence: ● in time  ▲ late  ✖ far too late",
    "workers": "{count} records wait for the workers; if that does not shrink, see the logs of the workers",
    "resync": "{system}: reading {table} anew, {rows} rows; {left} tables left",
    "revision": "Catalogue revision {revision}",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
    "live": "live, version {version}, since {time}",
    "never_was": "there never was a record",
    "deleted": "deleted, version {version}, since {time}",
    "moved": "known by another key now, version {version}, since {time}",
    "asked": "Asked for {asked}, which is {key} now",
    "found_by": "Found by the value {asked} of the field {field}",
    "formerly": "Formerly {keys}",
    "also": "Also {keys}: so says {who}",
    "disputed": "Rows disagree on whose key this is: {said}",
    "existence": "Existence: {why}",
    "existence_owner": "{systems} decides, and says so",
    "existence_birth": "{systems} told of it first; {owners} decides, and has not spoken yet",
    "existence_any": "whoever says so: {systems}",
    "existence_gone": "{owners} decides, and does not say so",
    "existence_none": "nobody speaks of it any more",
    "field": "Field",
    "value": "Value",
    "said_by": "Said by",
    "since": "Since",
    "why": "Why",
    "empty": "(stated empty)",
    "owner": "owns the field",
    "next": "next in order: {owners} says nothing",
    "first": "first in order; nobody owns the field",
    "kept": "kept; counts when those above fall silent",
    "echoed": "only shows what it was sent, and does not say it",
    "unheard": "does not count; the record is no more",
    "held": "waits for a person: {reason}",
    "under": "arrives under {key}",
    "nobody_says": "nobody says",
    "nothing": "nothing yet",
    "or": " or ",
    "lost_zero": "a leading 0 may be lost; correct it in {system}",
    "ward_split": "an old ward that went to several; see the address, enter the new code",
    "unknown_ward": "a code that the city's old list does not have; correct it in {system}",
    "withdrawn": "Withdrawn: {row}, since {time}",
    "left": "Left: {row}, since {time}, is at {key} now",
    "subscriber": "Subscriber",
    "sent": "Last sent",
    "holds": "version {version}, holds it",
    "holds_not": "version {version}, holds it no longer",
    "never_sent": "nothing ever: out of scope, or there was nothing to send",
    "nobody_receives": "Nobody subscribes.",
    "unknown_key": "looking for {key} in {topic}: nothing is known under this key; write the 12 digits of a citizen "
    "id, the 9 of an old id, or <system>#<its own number>",
    "several": "looking for {key} in {topic}: {count} records have this value: {keys}; ask for one of these keys",
}


class Language(StrEnum):
    """What a command speaks."""

    vi = "vi"
    en = "en"

    def word(self, name: str, **values: object) -> str:
        """The word or sentence of this name, its places filled in."""
        words = _ALL[self]
        return words[name].format(**values) if values else words[name]

    def knows(self, name: str) -> bool:
        """Whether there is such a word."""
        return name in _ALL[Language.en]

    def number(self, value: int) -> str:
        """10.000 in Vietnamese, 10,000 in English."""
        text = f"{value:,}"
        return text.replace(",", ".") if self is Language.vi else text

    def span(self, seconds: float) -> str:
        """A span of time in its largest whole unit: `3 giây`, `2 h`."""
        whole = max(0, round(seconds))
        size, name = next(((size, name) for size, name in _UNITS if whole >= size), (1, "second"))
        return f"{whole // size} {self.word(name)}"


_ALL = {
    Language.vi: _VIETNAMESE | account_words.VIETNAMESE,
    Language.en: _ENGLISH | account_words.ENGLISH,
}
