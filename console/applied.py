"""The catalogue that the city works by, asked for by way of a reader that already knows whether Kafka answers."""

from console.reading import Reader
from schemas import catalogue_topic
from schemas.catalogue import Catalogue
from schemas.settings import Settings
from schemas.topics import CATALOGUE


def applied_catalogue(settings: Settings, reader: Reader) -> Catalogue:
    """The last one applied. Raises Unanswered, soon, where Kafka does not answer, and NoCatalogue where none was."""
    if CATALOGUE not in reader.topics():
        raise catalogue_topic.NoCatalogue(settings.kafka)
    return catalogue_topic.read(settings)
