"""The last word of one connector, looked for again and again."""

from console.decoding import Decoder
from console.reading import BEGINNING, Place, Reader
from schemas.records import ConnectorState
from schemas.settings import Settings
from schemas.topics import CONNECTORS

_WORDS: Place = (CONNECTORS, 0)


class LastWord:
    """Each look reads only what is new since the last."""

    def __init__(self, settings: Settings, reader: Reader, key: str) -> None:
        """`key`: `source/<system>` or `sink/<system>`."""
        self._decode = Decoder(settings).connector_state
        self._reader = reader
        self._key = key.encode()
        self._position = BEGINNING
        self._last: ConnectorState | None = None

    def last(self) -> ConnectorState | None:
        """None where it never said one."""
        for record in self._reader.to_the_end({_WORDS: self._position}):
            self._position = record.offset + 1
            if record.key == self._key:
                self._last = None if record.value is None else self._decode(record.value)
        return self._last
