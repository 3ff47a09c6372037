"""The demo reads files as their reader would."""

from pathlib import Path

from console.demo_eyes.csv import CsvEye


def _write(path: Path, *lines: str) -> None:
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")


def test_a_snapshot_is_read_as_it_stands(tmp_path: Path) -> None:
    _write(tmp_path / "so.csv", "ma,ten,so", '"a","An",', '"b","Bình","2"')
    eye = CsvEye(tmp_path, "so", "ma")
    assert eye.row({"ma": "a"}, ["ten", "so"]) == {"ten": "An", "so": None}
    assert eye.row({"ma": "c"}, ["ten"]) is None
    assert eye.values("ma", 2) == ["a", "b"]
    assert eye.values("ma", 1) is None


def test_changes_are_read_in_their_order(tmp_path: Path) -> None:
    head = "ma,ten,operation,moved_to"
    _write(tmp_path / "so.000000000001.csv", head, '"a","An","upsert",', '"b","Bình","upsert",')
    _write(
        tmp_path / "so.000000000002.csv", head, '"a","An Nhiên","upsert",', '"b",,"rename","c"', '"c","Bình","upsert",'
    )
    eye = CsvEye(tmp_path, "so", "ma")
    assert eye.row({"ma": "a"}, ["ten"]) == {"ten": "An Nhiên"}
    assert eye.row({"ma": "b"}, ["ten"]) is None
    assert eye.row({"ma": "c"}, ["ten"]) == {"ten": "Bình"}
