"""Downloads: whole or not at all, resumed, retried, and never with another sum than the pinned one."""

import hashlib
from pathlib import Path

import pytest

from deploy.embedded.download import download, sha256_of
from deploy.embedded.errors import DownloadError
from tests.unit.deploy.file_server import Served, serving

CONTENT = bytes(range(256)) * 4_000
SUM = hashlib.sha256(CONTENT).hexdigest()


def fetch(address: str, target: Path, *, sha256: str = SUM) -> int:
    """Bytes that the progress was told of."""
    counts: list[int] = []
    download([address], target, sha256=sha256, on_bytes=counts.append, pause_seconds=0)
    return sum(counts)


def test_the_file_arrives_with_its_sum(tmp_path: Path) -> None:
    with serving(Served(CONTENT)) as served:
        counted = fetch(served.address, tmp_path / "file.jar")
    assert sha256_of(tmp_path / "file.jar") == SUM
    assert counted == len(CONTENT)
    assert [path.name for path in tmp_path.iterdir()] == ["file.jar"]


def test_a_broken_download_is_resumed_where_it_stopped(tmp_path: Path) -> None:
    with serving(Served(CONTENT, break_offs=2)) as served:
        fetch(served.address, tmp_path / "file.jar")
    assert sha256_of(tmp_path / "file.jar") == SUM
    assert served.ranges[0] is None
    assert all(asked and asked != "bytes=0-" for asked in served.ranges[1:])
    assert len(served.ranges) == 3


def test_what_an_earlier_process_left_is_resumed(tmp_path: Path) -> None:
    (tmp_path / "file.jar.part").write_bytes(CONTENT[:1_000])
    with serving(Served(CONTENT)) as served:
        fetch(served.address, tmp_path / "file.jar")
    assert served.ranges == ["bytes=1000-"]
    assert sha256_of(tmp_path / "file.jar") == SUM


def test_a_complete_leftover_is_only_put_in_place(tmp_path: Path) -> None:
    (tmp_path / "file.jar.part").write_bytes(CONTENT)
    with serving(Served(CONTENT)) as served:
        fetch(served.address, tmp_path / "file.jar")
    assert sha256_of(tmp_path / "file.jar") == SUM


def test_a_damaged_leftover_is_fetched_anew(tmp_path: Path) -> None:
    (tmp_path / "file.jar.part").write_bytes(b"damaged" * 100)
    with serving(Served(CONTENT)) as served:
        fetch(served.address, tmp_path / "file.jar")
    assert served.ranges == ["bytes=700-", None]
    assert sha256_of(tmp_path / "file.jar") == SUM


def test_a_wrong_sum_is_refused_and_nothing_stays(tmp_path: Path) -> None:
    with serving(Served(b"another file")) as served, pytest.raises(DownloadError, match="not the pinned"):
        fetch(served.address, tmp_path / "file.jar")
    assert list(tmp_path.iterdir()) == []


def test_the_next_address_is_tried(tmp_path: Path) -> None:
    with serving(Served(CONTENT, status=404)) as empty, serving(Served(CONTENT)) as full:
        addresses = [empty.address, full.address]
        download(addresses, tmp_path / "file.jar", sha256=SUM, on_bytes=lambda _: None, pause_seconds=0)
    assert sha256_of(tmp_path / "file.jar") == SUM


def test_giving_up_says_what_was_answered_and_what_to_do(tmp_path: Path) -> None:
    with serving(Served(CONTENT, status=503)) as served, pytest.raises(DownloadError) as caught:
        fetch(served.address, tmp_path / "file.jar")
    assert "file.jar" in str(caught.value)
    assert "503" in str(caught.value)
    assert "run the same command again" in str(caught.value)
