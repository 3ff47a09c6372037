"""Avro's variable-length integers, as the generated code reads and writes them.

Written and accepted in the shortest form only: every Avro writer writes that, and anything else is damage.
"""

from struct import Struct
from struct import error as StructError  # noqa: N812 - it is an exception class
from typing import Final, NoReturn

INT_MIN: Final = -(1 << 31)
INT_MAX: Final = (1 << 31) - 1
LONG_MIN: Final = -(1 << 63)
LONG_MAX: Final = (1 << 63) - 1


class Malformed(ValueError):  # noqa: N818 - never leaves the codec, which finds the place and raises CodecError
    """The generated code met bytes or a value that it cannot take."""


def refuse(*_: object) -> NoReturn:
    """Raises Malformed."""
    raise Malformed


def _varint(number: int) -> bytes:
    return bytes((number,)) if number < 128 else bytes((number & 127 | 128, number >> 7))


#: Varints of 0 … 16383, unsigned.
UNSIGNED: Final = [_varint(number) for number in range(1 << 14)]
#: Varints of the longs 0 … 8191: lengths, counts and most numbers.
SMALL: Final = UNSIGNED[::2]
#: 14 bits as two bytes that go on.
_GOING_ON: Final = [bytes((number & 127 | 128, number >> 7 | 128)) for number in range(1 << 14)]

#: First byte of a one-byte long -> the long.
LONG_OF: Final = [(byte >> 1) ^ -(byte & 1) for byte in range(128)]


def _step(byte: int) -> int:
    if byte & 1:
        return 0
    return 1 + (byte >> 1) if byte < 128 else -2 - (byte - 128 >> 1)


#: First byte of a length -> 1 + the length where that is all; -2 - its lower 6 bits where it goes on; 0 where negative.
STEP_OF: Final = [_step(byte) for byte in range(256)]


def write_long(value: int) -> bytes:
    """A long of any size. Raises Malformed outside 64 bits, TypeError for what is no integer."""
    if not LONG_MIN <= value <= LONG_MAX:
        raise Malformed
    number = value << 1 if value >= 0 else ~(value << 1)
    if number < 1 << 14:
        return UNSIGNED[number]
    if number < 1 << 28:
        return _GOING_ON[number & 16383] + UNSIGNED[number >> 14]
    if number < 1 << 42:
        return _GOING_ON[number & 16383] + _GOING_ON[number >> 14 & 16383] + UNSIGNED[number >> 28]
    low, number = _GOING_ON[number & 16383] + _GOING_ON[number >> 14 & 16383], number >> 28
    if number < 1 << 28:
        return low + _GOING_ON[number & 16383] + UNSIGNED[number >> 14]
    return low + _GOING_ON[number & 16383] + _GOING_ON[number >> 14 & 16383] + UNSIGNED[number >> 28]


def write_int(value: int) -> bytes:
    """An int. Raises Malformed outside 32 bits, TypeError for what is no integer."""
    if not INT_MIN <= value <= INT_MAX:
        raise Malformed
    return write_long(value)


_eight_bytes = Struct("<HHHH").unpack_from
#: Two bytes read as one little-endian number -> their 14 bits.
_BITS_OF: Final = [pair & 127 | (pair >> 8 & 127) << 7 for pair in range(1 << 16)]


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """(the long at `at`, the position after it); it has two bytes or more.

    Raises IndexError past the end, Malformed where it is too long for 64 bits or not in the shortest form.
    """
    high = data[at + 1]
    if 0 < high < 128:
        number = data[at] - 128 + (high << 7)
        return ~(number >> 1) if number & 1 else number >> 1, at + 2
    try:
        a, b, c, d = _eight_bytes(data, at)
    except StructError:  # nearer to the end of the input
        return _read_bytewise(data, at)
    bits = _BITS_OF
    # A pair of bytes that both go on has 0x8080. Times are the longs that are long most often: eight bytes first.
    if a & b & c & 0x8080 == 0x8080:
        if d < 0x8000 and d & 0x80:
            last, at, number = d >> 8, at + 8, bits[a] + bits[b] * 0x4000 + (bits[c] + bits[d] * 0x4000) * 0x10000000
        elif d & 0x80:
            return _read_bytewise(data, at)
        else:
            last = d & 127
            at, number = at + 7, bits[a] + bits[b] * 0x4000 + (bits[c] + last * 0x4000) * 0x10000000
    elif a & b & 0x8080 == 0x8080:
        if c & 0x80:
            last, at, number = c >> 8, at + 6, bits[a] + bits[b] * 0x4000 + bits[c] * 0x10000000
        else:
            last = c & 127
            at, number = at + 5, bits[a] + bits[b] * 0x4000 + last * 0x10000000
    elif b & 0x80:
        last, at, number = b >> 8, at + 4, bits[a] + bits[b] * 0x4000
    else:
        last = b & 127
        at, number = at + 3, bits[a] + last * 0x4000
    if not last or a < 0x8000:
        raise Malformed
    return ~(number >> 1) if number & 1 else number >> 1, at


def _read_bytewise(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 63:
            raise Malformed
    if number >> 64 or (not byte and shift):
        raise Malformed
    return (number >> 1) ^ -(number & 1), at


def read_int(data: bytes, at: int) -> tuple[int, int]:
    """`read_long` for an int of 32 bits."""
    value, after = read_long(data, at)
    if not INT_MIN <= value <= INT_MAX:
        raise Malformed
    return value, after


def read_end(data: bytes, at: int) -> tuple[int, int]:
    """(where the last byte of the length at `at` stands, where that which it measures ends)."""
    if data[at] < 128:
        raise Malformed
    length, after = read_long(data, at)
    if length < 0:
        raise Malformed
    return after - 1, after + length


def read_block(data: bytes, at: int, count: int) -> tuple[int, int, int]:
    """A negative block count at `at - 1`: (the true count, where its items begin, where they end)."""
    if data[at] < 128:
        size, start = LONG_OF[data[at]], at + 1
    else:
        size, start = read_long(data, at)
    if size < 0:
        raise Malformed
    return -count, start, start + size
