"""The one error of the codec."""

from schemas.errors import SchemasError


class CodecError(SchemasError):
    """Bytes that are not Avro of the schema, or a value that does not fit it.

    Says what, at which byte or field; never holds a value, for values may be personal.
    """

    def __init__(self, message: str, *, offset: int | None = None, path: str = "") -> None:
        super().__init__(message)
        #: Byte in the input at which decoding failed; None when encoding.
        self.offset = offset
        #: Field that failed, e.g. `after.tags[3]`; empty for the whole record.
        self.path = path
