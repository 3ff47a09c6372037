"""Looks for secrets where none may be: each secret is a random text, so that wherever it is found, it has leaked."""

import base64
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

#: A text that is shorter stands somewhere by chance.
_SHORTEST = 12


def canaries(folder: Path) -> dict[str, str]:
    """By file of a secrets folder, what of it must be seen nowhere; addresses without a password are no secrets."""
    found = {path.name: _secret(path.read_text(encoding="utf-8").strip()) for path in sorted(folder.iterdir())}
    kept = {name: text for name, text in found.items() if text}
    assert all(len(text) >= _SHORTEST for text in kept.values()), "a secret is too short to be looked for"
    return kept


def _secret(text: str) -> str:
    if "://" in text:
        return unquote(urlsplit(text).password or "")
    return "" if text.startswith("/") else text


def leaks(secrets: Mapping[str, str], told: Iterable[tuple[str, bytes]]) -> list[str]:
    """Which secret was found in what: plain, as in an address, or in base64. `told`: by name of a place, its bytes."""
    forms = {
        form
        for name, text in secrets.items()
        for form in (
            (name, text.encode()),
            (name, quote(text, safe="").encode()),
            (name, base64.b64encode(text.encode())),
        )
    }
    return sorted({f"{name} in {place}" for place, data in told for name, form in forms if form in data})


def files(folder: Path, *, but: Iterable[Path] = ()) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder, except those in the folders `but`."""
    kept_out = list(but)
    for path in folder.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(each) for each in kept_out):
            yield str(path.relative_to(folder)), path.read_bytes()


def command_lines() -> Iterator[tuple[str, bytes]]:
    """Of every process of this machine, as `ps` shows them to everybody."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            yield f"the command line of process {path.parent.name}", path.read_bytes()


def records(settings: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Everything that stands in any topic: keys, values and headers, aborted records included."""
    more = {"group.id": "lienthong.test.canaries", "enable.partition.eof": True, "isolation.level": "read_uncommitted"}
    consumer = Consumer({**settings, **more, "enable.auto.commit": False})
    try:
        sizes = {name: len(topic.partitions) for name, topic in consumer.list_topics(timeout=20).topics.items()}
        waiting = {(name, number) for name, size in sizes.items() for number in range(size)}
        consumer.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in waiting])
        deadline = time.monotonic() + 120
        while waiting:
            assert time.monotonic() < deadline, waiting
            for message in consumer.consume(5_000, 0.2):
                error, topic = message.error(), str(message.topic())
                if error is None:
                    headers = repr(message.headers() or "").encode()
                    yield f"topic {topic}", b"\n".join((message.key() or b"", message.value() or b"", headers))
                else:
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    waiting.discard((topic, int(message.partition() or 0)))
    finally:
        consumer.close()
