"""Frames, without a registry."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import CodecError
from schemas.registry import Decoder, Registry, frame, unframe


@given(st.integers(0, 2**32 - 1), st.binary(max_size=20))
def test_a_frame_opens_again(schema_id: int, payload: bytes) -> None:
    framed = frame(schema_id, payload)
    read, at = unframe(framed)
    assert (read, framed[at:]) == (schema_id, payload)


@pytest.mark.parametrize("data", [b"", b"\0\0\0\0", b"\1\0\0\0\1abc", None])
def test_what_is_not_framed_is_refused(data: Any) -> None:
    with pytest.raises(CodecError, match="no zero byte and schema id in front"):
        unframe(data)
    with pytest.raises(CodecError, match="no zero byte and schema id in front"):
        Decoder(Registry("http://127.0.0.1:1")).decode(data)
