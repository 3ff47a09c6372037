"""The words of `lienthong reconcile`, in Vietnamese and English."""

from typing import Final

from console.vocabulary import Vocabulary

_VIETNAMESE: Final = {
    "title": "Đối soát {system} · {entity}",
    "all_right": "đúng cả {checked} mã, trong {seconds}",
    "found": "{drifts} sai lệch trong {checked} mã, trong {seconds}",
    "on_the_way": "đang thay đổi, không tính là sai lệch: {count}",
    "kind": "Sai lệch",
    "key": "Mã",
    "column": "Cột",
    "expected": "Phải là",
    "held": "Đang là",
    "missing": "thiếu",
    "extra": "thừa",
    "different": "khác",
    "refused": "bên nhận từ chối",
    "empty": "(trống)",
    "more": "… và {count} mã nữa; xem hết bằng --all",
    "look_up": "bên nhận từ chối: {count}; xem vì sao bằng `lienthong dead-letters list`",
    "question": "Gửi lại cho {system} những mã đang sai ({count})?",
    "how": "sửa bằng cách gửi lại: lienthong reconcile {system} --repair",
    "by_policy": "gửi lại ngay, vì bản kê khai ghi `on_drift: repair`",
    "mended": "đã sửa: {count}",
    "left": "vẫn sai sau khi gửi lại: {count}; có thể bên nhận tự sửa dòng (trigger), hoặc worker không chạy",
    "waiting": "chờ: {what}",
    "unreadable": "{system}: loại {kind} không cho đọc lại, nên không đối soát được",
}
_ENGLISH: Final = {
    "title": "Reconciling {system} · {entity}",
    "all_right": "all {checked} keys are right, in {seconds}",
    "found": "{drifts} of {checked} keys have drifted, in {seconds}",
    "on_the_way": "just changing, and no drift: {count}",
    "kind": "Drift",
    "key": "Key",
    "column": "Column",
    "expected": "Should be",
    "held": "Is",
    "missing": "missing",
    "extra": "extra",
    "different": "different",
    "refused": "refused",
    "empty": "(empty)",
    "more": "… and {count} more; --all shows them",
    "look_up": "refused by the target: {count}; `lienthong dead-letters list` says why",
    "question": "Send what is wrong to {system} again ({count})?",
    "how": "mended by sending them again: lienthong reconcile {system} --repair",
    "by_policy": "sent again at once: the manifest says `on_drift: repair`",
    "mended": "mended: {count}",
    "left": "still wrong after it was sent again: {count}; the target may change rows itself (a trigger), "
    "or no worker runs",
    "waiting": "waiting: {what}",
    "unreadable": "{system}: kind {kind} cannot be read back, so that it cannot be reconciled",
}

drift_word = Vocabulary(vietnamese=_VIETNAMESE, english=_ENGLISH)
