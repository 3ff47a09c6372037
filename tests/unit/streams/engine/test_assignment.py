"""The group metadata with which commits are fenced."""

import pytest

from streams.engine.assignment import Assignment, generation_of
from streams.engine.errors import EngineError, SettingsError


def metadata(generation: int, member: bytes) -> bytes:
    return b"CGMDv2:" + generation.to_bytes(4, "little", signed=True) + b"group\0" + member + b"\0\0\1"


def test_the_generation_is_read() -> None:
    assert generation_of(metadata(7, b"member-1")) == 7


@pytest.mark.parametrize(("generation", "member"), [(-1, b"member-1"), (7, b""), (-1, b"")])
def test_metadata_without_a_membership_would_not_be_fenced_and_is_refused(generation: int, member: bytes) -> None:
    with pytest.raises(EngineError, match="no member"):
        generation_of(metadata(generation, member))


def test_another_format_is_an_error_of_the_installation() -> None:
    with pytest.raises(SettingsError, match="not supported"):
        generation_of(b"CGMDv9:whatever")


def test_an_assignment_ends_once_and_for_all() -> None:
    assignment = Assignment(1, b"", {})
    assert assignment.is_current
    assignment.end()
    assignment.end()
    assert not assignment.is_current
