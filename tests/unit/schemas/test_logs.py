"""Lines of log: for want of room for one, no work may end."""

from pathlib import Path

import pytest

from schemas.logs import Unfailing
from tests.unit.full_disk import no_file_larger_than


def test_what_cannot_be_written_is_lost_and_ends_nothing(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", buffering=1, encoding="utf-8") as file:
        stream = Unfailing(file)
        stream.write("trước\n")
        with no_file_larger_than(0):
            with pytest.raises(OSError, match="too large"):
                file.write("mất\n")
            assert stream.write("cũng mất\n") == 9
            stream.flush()
        stream.write("sau\n")
        stream.flush()
    told = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert (told[0], told[-1]) == ("trước", "sau")
