"""What one record does to one key, weighed and not yet settled."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from schemas.records import Claim, EntityState, Link
from streams.claims import RowName, find, position, row_name
from streams.ear import NOTHING, Heard
from streams.links import link_to, named, take, taken_back, target_of

#: (key, what its owner is to be told).
Passed = list[tuple[str, Claim]]


@dataclass(slots=True)
class Turn:
    """`state`: as it was; `claims`, `links`: as they are now. `hops`: forwards that have led to this record."""

    state: EntityState
    claims: list[Claim]
    links: list[Link]
    #: Where the record's own row goes, if it leaves.
    new_key: str | None = None
    #: Words of rows for the owners of other keys.
    passed: Passed = field(default_factory=list)
    words: list[tuple[str, Link]] = field(default_factory=list)
    #: Keys that believe that this one's claims count there, and are to be told.
    answered: Sequence[str] = ()
    #: Whether the key that stands for this one may have lost what it was sent.
    sends_all: bool = False
    #: Systems that are to get the present truth in any case, in a version greater than `above`.
    owed: Collection[str] = ()
    above: int = 0
    #: (key, system): whose own row no more counts here, though what it was sent from here may come late. The owner of
    #: that key owes it the present truth.
    owes: Sequence[tuple[str, str]] = ()
    #: To which keys rows have gone of which the sender takes its copies back.
    went: Mapping[RowName, str] = field(default_factory=dict)
    #: Where the rows are now that were sent together with a rename to this key.
    followed: Set[str] = frozenset()
    hops: int = 0
    heard: Heard = NOTHING

    @property
    def says_more(self) -> bool:
        """Whether others hear of it, whatever changes here."""
        return bool(self.passed or self.words or self.answered or self.owes or self.sends_all)

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to settle."""
        same = self.claims is self.state["claims"] and self.links is self.state["links"]
        return not same or self.says_more or bool(self.owed)

    @property
    def is_entangled(self) -> bool:
        """Whether other keys play a part in what is known here."""
        if self.links or self.state["links"]:
            return True
        for known in (self.state["claims"], self.claims):
            for claim in known:
                if claim["under"] or claim["aliases"] or claim["formerly"]:
                    return True
        return False


def learn(turn: Turn, late: Iterable[tuple[Claim, Claim]]) -> None:
    """What came too late still tells by which keys its row went before; and what it named, it names no more."""
    key = turn.state["key"]
    for old, held in late:
        known = (*held["formerly"], held["left_to"], key)
        unheard = [name for name in old["formerly"] if name not in known]
        is_gone = held["values"] is None and held["left_to"] is None
        adopts = is_gone and held.get("unheard", False) and bool(old["aliases"])
        knows = held
        if unheard or adopts:
            aliases = old["aliases"] if adopts else held["aliases"]
            formerly, is_unheard = [*held["formerly"], *unheard], held.get("unheard", False) and not adopts
            knows = {**held, "formerly": formerly, "aliases": aliases, "unheard": is_unheard}
            turn.claims = [knows if claim is held else claim for claim in turn.claims]
        if unheard and held["left_to"] not in (None, key):
            turn.passed.append((str(held["left_to"]), as_known_only(old, str(held["left_to"]))))
        turn.words += taken_back(old, knows, key)


def as_known_only(claim: Claim, key: str) -> Claim:
    """A claim that says nothing, but by which keys its row went before it came to `key`."""
    return {**claim, "values": None, "stated_null": [], "echoed": [], "held": [], "aliases": [], "left_to": key}


def tell_aliases(turn: Turn, said: Iterable[Claim], sender: str = "") -> None:
    """Where the key has heard of a row itself, while an alias knows an older word: the alias is told.

    So a row whose key changed unseen, by our own hand, is no more believed to be where it was.
    """
    copies = [claim for claim in turn.claims if claim["under"] and claim["under"] != sender]
    for claim in said if copies else ():
        own = find(turn.claims, *row_name(claim))
        for copy in copies:
            if own is not None and row_name(copy) == row_name(own) and position(copy) < position(own):
                left_to = own["left_to"] or turn.state["key"]
                if left_to != copy["under"]:
                    turn.passed.append((copy["under"], {**own, "values": None, "stated_null": [], "left_to": left_to}))


def send_on(turn: Turn, onward: Claim, new_key: str) -> None:
    """The record's row goes to another key, and takes along what only it has said belongs to it.

    Where it says on leaving that this very key is another name of the one to which it goes, all go at once: who is sent
    a rename then finds the whole record there.
    """
    key = turn.state["key"]
    turn.new_key = new_key
    turn.passed.append((new_key, onward))
    target = target_of(turn.state["links"], key)
    if turn.heard is not NOTHING and target not in (None, new_key):
        # What was on its way to the row is known where its words counted until now: what does it only show?
        turn.passed.append((str(target), {**onward, "under": key, "left_to": new_key}))
    if key in named(onward, new_key):
        turn.links = take(turn.links, link_to(new_key, onward))
    elif target_of(turn.links, key) is None:
        stay = [claim for claim in turn.claims if not claim["under"] and claim["left_to"] is None]
        going = set(named(onward, new_key)).difference(*(named(claim, key) for claim in stay))
        if copies := [claim for claim in turn.claims if claim["under"] in going]:
            turn.passed += [(new_key, copy) for copy in copies]
            turn.claims = [claim for claim in turn.claims if claim["under"] not in going]


def call_back(turn: Turn, said: Claim, new_key: str | None) -> None:
    """Where a person's correction has taken a row to another key, its source goes on speaking of it here: whatever it
    says now, also that the row is gone, ends what stands there by that correction."""
    held, key = find(turn.state["claims"], *row_name(said)), turn.state["key"]
    corrected = held["left_to"] if held is not None and held["edit"] and held["values"] is None else None
    if corrected not in (None, key, new_key):
        goes_to = new_key or (key if said["values"] is not None else None)
        turn.passed.append((corrected, {**said, "values": None, "stated_null": [], "left_to": goes_to}))
