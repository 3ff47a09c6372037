"""The account of a whole city, for any test that runs one: feed the store when it begins, and again at its end."""

from collections.abc import Collection

from console.store.balance import Account, accounts
from console.store.database import prepare, store_dsn
from console.store.feed import Feed
from console.store.figures import Figures, read_figures
from schemas import topics
from schemas.settings import Settings
from tests.integration.delivery_city import until


def feed_all(settings: Settings) -> list[Account]:
    """Feeds the store of a city until nothing more comes; returns its accounts."""
    return _fed(settings)[0]


def assert_balanced(settings: Settings, *, resting: Collection[str] = ("raw", "identify", "to")) -> None:
    """Every record that stands in a topic of the city has met one end, and every delivery was said to be routed.

    `resting`: kinds of topics in which nothing may wait, for somebody works them off. Needs a store that was fed from
    the city's first record on.
    """

    def wrong() -> list[object]:
        found, figures = _fed(settings)
        waiting = [each for each in found if each.in_flight and topics.place(each.place[0]).kind in resting]
        return [*(each for each in found if each.imbalance), *waiting, *_unsaid(found, figures)]

    until(lambda: not wrong(), seconds=30, doing=f"every record to meet one end: {wrong()}")


def _fed(settings: Settings) -> tuple[list[Account], Figures]:
    with prepare(store_dsn(settings)) as connection:
        feed = Feed(settings, connection)
        try:
            while not feed.caught_up:
                feed.step(0.2)
        finally:
            feed.close()
        return accounts(connection), read_figures(connection)


def _unsaid(found: Collection[Account], figures: Figures) -> list[object]:
    """Delivery topics that hold another number of records than workers say they have routed."""
    routed: dict[str, int] = {}
    for (result, system, entity, _), count in figures.counts.items():
        if result == "routed":
            routed[topics.to(system, entity)] = routed.get(topics.to(system, entity), 0) + count
    stand = {each.place[0]: each.due for each in found if topics.place(each.place[0]).kind == "to"}
    return [(topic, due, routed.get(topic, 0)) for topic, due in stand.items() if due != routed.get(topic, 0)]
