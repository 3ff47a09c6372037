"""What officers call the fields of the entities. English screens show the fields' own names, which manifests use."""

from typing import Final

from console.words import Language

_PERSON: Final = {
    "citizen_id": "Số định danh",
    "old_id": "Số CMND cũ",
    "full_name": "Họ và tên",
    "birth_date": "Ngày sinh",
    "sex": "Giới tính",
    "ethnicity": "Dân tộc",
    "home_place": "Quê quán",
    "residence": "Nơi cư trú",
    "ward": "Phường, xã",
    "phone": "Điện thoại",
    "death_date": "Ngày mất",
    "note": "Ghi chú",
}
_BUSINESS: Final = {
    "code": "Mã số",
    "name": "Tên",
    "kind": "Loại hình",
    "owner_id": "Số định danh chủ",
    "owner_name": "Tên chủ",
    "address": "Địa chỉ",
    "ward": "Phường, xã",
    "status": "Tình trạng",
    "phone": "Điện thoại",
    "lines": "Ngành nghề",
    "registered_date": "Ngày đăng ký",
}
_CIVIL_STATUS_EVENT: Final = {
    "kind": "Việc hộ tịch",
    "register_number": "Số đăng ký",
    "register_date": "Ngày đăng ký",
    "ward": "Phường, xã",
    "person_id": "Số định danh",
    "person_name": "Họ và tên",
    "sex": "Giới tính",
    "birth_date": "Ngày sinh",
    "event_date": "Ngày xảy ra",
    "place": "Nơi xảy ra",
    "mother_name": "Tên mẹ",
    "mother_birth_year": "Năm sinh mẹ",
    "father_name": "Tên cha",
    "father_birth_year": "Năm sinh cha",
}
_VIETNAMESE: Final = {"person": _PERSON, "business": _BUSINESS, "civil_status_event": _CIVIL_STATUS_EVENT}


def field_word(entity: str, field: str, language: Language) -> str:
    """The label of a field."""
    return _VIETNAMESE[entity][field] if language is Language.vi else field
