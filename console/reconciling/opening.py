"""Opens one subscription for reconciliation: its target, and what that should hold."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from connectors.delivery.kind import CannotStart, can_be_read_back, make_readable
from console.errors import ConsoleError
from console.reconciling.delivered import Delivered
from console.reconciling.expectation import Expectation, Matter
from console.reconciling.golden import Golden
from console.reconciling.looks import Looker
from schemas.catalogue import Catalogue
from schemas.identity import identified
from schemas.manifest import OWN, WHOLE_KEY, Subscription


def is_readable(catalogue: Catalogue, system: str) -> bool:
    """Whether the system's kind offers to read back what it holds."""
    try:
        return can_be_read_back(catalogue.manifest(system))
    except CannotStart as error:
        raise ConsoleError(f"reconciling {error}") from error


def pause_of(matter: Matter) -> float:
    """Seconds between two looks. What users of a system that also speaks have just written into it, is on its way from
    there for as long as its manifest says.
    """
    return matter.catalogue.manifest(matter.system).cadence_seconds if _speaks(matter) else 0.0


@contextmanager
def opened(matter: Matter, tell: Callable[[str], None]) -> Iterator[Looker]:
    """Raises ConsoleError, and what the target and Kafka raise."""
    try:
        target = make_readable(matter.catalogue.manifest(matter.system), matter.settings)
    except CannotStart as error:
        raise ConsoleError(f"reconciling {error}") from error
    with closing(target):
        delivered = Delivered(matter)
        with closing(delivered):
            expectation: Expectation = Golden(matter, delivered) if _speaks(matter) else delivered
            corrects = matter.subscription.key.kind == OWN
            owner_of = owner_in(matter.subscription) if matter.subscription.exclusive else None
            yield Looker(expectation, target, delivered.stream, corrects, tell, owner_of)


def owner_in(subscription: Subscription) -> Callable[[str], str]:
    """From a key in the target to the entity key of which it is made."""
    kind = subscription.key.kind
    return (lambda key: key) if kind == WHOLE_KEY else lambda key: identified(kind, key)


def _speaks(matter: Matter) -> bool:
    return matter.entity in matter.catalogue.manifest(matter.system).publishes
