"""The words of what officers read, in Vietnamese and English, and how numbers and spans of time are written."""

from enum import StrEnum

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
    "never": "chưa có",
    "troubles": "Sự cố gần nhất",
    "legend": "Độ tươi so với nhịp đã khai: ● đúng nhịp  ▲ chậm  ✖ quá chậm",
    "workers": "{count} bản ghi chờ bộ xử lý; nếu không giảm, xem nhật ký của các worker",
    "revision": "Danh mục, bản {revision}",
    "day": "ngày",
    "hour": "giờ",
    "minute": "phút",
    "second": "giây",
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
    "never": "none yet",
    "troubles": "Last trouble",
    "legend": "Freshness against the declared cadence: ● in time  ▲ late  ✖ far too late",
    "workers": "{count} records wait for the workers; if that does not shrink, see the logs of the workers",
    "revision": "Catalogue revision {revision}",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
}


class Language(StrEnum):
    """What a command speaks."""

    vi = "vi"
    en = "en"

    def word(self, name: str, **values: object) -> str:
        """The word or sentence of this name, its places filled in."""
        words = _VIETNAMESE if self is Language.vi else _ENGLISH
        return words[name].format(**values) if values else words[name]

    def number(self, value: int) -> str:
        """10.000 in Vietnamese, 10,000 in English."""
        text = f"{value:,}"
        return text.replace(",", ".") if self is Language.vi else text

    def span(self, seconds: float) -> str:
        """A span of time in its largest whole unit: `3 giây`, `2 h`."""
        whole = max(0, round(seconds))
        size, name = next(((size, name) for size, name in _UNITS if whole >= size), (1, "second"))
        return f"{whole // size} {self.word(name)}"
