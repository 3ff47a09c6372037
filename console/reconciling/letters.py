"""Which deliveries of one topic the sink could not write: they are dead letters, the target shows something older."""

from connectors.values import Stream
from console.decoding import Decoder
from console.reading import BEGINNING, Place, Reader
from schemas.settings import Settings
from schemas.topics import DEAD_LETTERS

_LETTERS: Place = (DEAD_LETTERS, 0)


class Letters:
    """Follows the topic `dead_letters` for one delivery topic."""

    def __init__(self, settings: Settings, reader: Reader, stream: Stream) -> None:
        self._decode = Decoder(settings).dead_letter
        self._reader = reader
        self._topic = stream.topic
        self._position = BEGINNING
        self._offsets: set[int] = set()

    def offsets(self) -> set[int]:
        """Of the deliveries that were buried by now. A sink buries before its target commits."""
        for record in self._reader.to_the_end({_LETTERS: self._position}):
            self._position = record.offset + 1
            letter = None if record.value is None else self._decode(record.value)
            if letter is not None and letter["stage"] == "sink" and letter["topic"] == self._topic:
                self._offsets.add(letter["offset"])
        return self._offsets
