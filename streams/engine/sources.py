"""Which source topics can be read together."""

from collections.abc import Iterable, Mapping

import structlog

from streams.engine.cluster import TopicShape
from streams.engine.errors import SettingsError
from streams.engine.settings import EngineSettings

_log = structlog.get_logger(__name__)


def usable_sources(topics: Iterable[str], shapes: Mapping[str, TopicShape], *, settings: EngineSettings) -> list[str]:
    """The topics that exist with as many partitions as the anchor, in their order, each once.

    The others are left out with an error in the log: one system that is not set up must not stop the rest. Raises
    SettingsError when the anchor is missing, or the changelog is or has another number of partitions.
    """
    anchor, changelog = shapes.get(settings.anchor), shapes.get(settings.changelog)
    if anchor is None or changelog is None:
        missing = settings.anchor if anchor is None else settings.changelog
        raise SettingsError(f"reading the topics of group {settings.group}: {missing} does not exist; create it")
    if changelog.partitions != anchor.partitions:
        raise SettingsError(
            f"reading the topics of group {settings.group}: {settings.changelog} has {changelog.partitions} partitions "
            f"and {settings.anchor} {anchor.partitions}; they must be equal, create one of them anew"
        )
    usable = []
    for topic in dict.fromkeys([settings.anchor, *topics]):
        shape = shapes.get(topic)
        if shape is None:
            _log.error("a source topic does not exist and is left out: create it and refresh", topic=topic)
        elif shape.partitions != anchor.partitions:
            _log.error(
                "a source topic is left out: it must have as many partitions as the anchor",
                topic=topic,
                partitions=shape.partitions,
                anchor_partitions=anchor.partitions,
            )
        else:
            usable.append(topic)
    return usable
