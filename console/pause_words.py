"""The words of `lienthong pause` and `resume`, in Vietnamese and English."""

from typing import Final

from console.vocabulary import Vocabulary

_VIETNAMESE: Final = {
    "waiting": "chờ {who} xong việc đang làm",
    "paused": "{who} đã tạm dừng; không mất gì, cho chạy tiếp bằng `lienthong resume`",
    "pause_later": "{who} hiện không chạy; khi được khởi động sẽ vẫn tạm dừng",
    "pause_slow": "{who} chưa dừng xong; xem `lienthong status`, lệnh tạm dừng vẫn còn hiệu lực",
    "resumed": "{who} chạy tiếp từ chỗ đã dừng",
    "resume_later": "{who} hiện không chạy; khi được khởi động sẽ chạy tiếp từ chỗ đã dừng",
    "resume_slow": "{who} chưa chạy tiếp; xem `lienthong status`",
}
_ENGLISH: Final = {
    "waiting": "waiting for {who} to end what it is at",
    "paused": "{who} rests; nothing is lost, let it go on with `lienthong resume`",
    "pause_later": "{who} does not run now; once started, it will rest",
    "pause_slow": "{who} does not rest yet; see `lienthong status`, the pause stands",
    "resumed": "{who} goes on where it was",
    "resume_later": "{who} does not run now; once started, it goes on where it was",
    "resume_slow": "{who} does not go on yet; see `lienthong status`",
}

say = Vocabulary(vietnamese=_VIETNAMESE, english=_ENGLISH)
