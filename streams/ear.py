"""Listens to one system about one record: what a row says, and what it only shows because it was sent it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.manifest import EXISTENCE
from schemas.records import Claim, EntityState, Route
from streams.claims import of_row, only_repeats, shows
from streams.deduplicate import Floor, weigh
from streams.identify import JUST_BEFORE
from streams.judge_echo import Speech, judge
from streams.links import target_of
from streams.two_way import TwoWay
from streams.unconfirmed import ANY_ROW, SEEN, Awaited, Unconfirmed, digest, row_tag, shown, under_way


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of listening, by system. `doubts`: fields that may need an answer, with the digest of what they show.

    `lost`: its row is gone, and it was not we who took it. `echoes`: nothing that it shows was news.
    """

    doubts: dict[str, dict[str, bytes]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    echoes: set[str] = field(default_factory=set)


#: Of a system that only speaks.
NOTHING = Heard()


def counts(claim: Claim, state: EntityState, floor: Floor, two_way: TwoWay) -> bool:
    """Whether the claim is news of a row that deliveries are written to."""
    if claim["resource"] not in two_way.fields or claim["mapping"] == JUST_BEFORE:
        return False
    held = next((one for one in of_row(claim, state["claims"]) if one["under"] == claim["under"]), None)
    return weigh(claim, held, floor) == "news"


class Ear:
    """Listens to one system about one record."""

    def __init__(self, state: EntityState, two_way: TwoWay, heard: Heard) -> None:
        self._state = state
        self._two_way = two_way
        self._heard = heard
        self._route: Route | None = next((r for r in state["routes"] if r["system"] == two_way.system), None)
        self._awaited = Unconfirmed.of_route(self._route)
        #: Of an alias: what is on its way to a row is known where its words count.
        self._counts_elsewhere = target_of(state["links"], state["key"]) is not None

    def take_over(self, claims: list[Claim]) -> Claim | None:
        """What the row said before, also if by another name; of `claims` the first is the row's, the others its names
        before."""
        tag, before = _tag(claims[0]), self._live(claims[0])
        for renamed in claims[1:]:
            self._awaited.rename(_tag(renamed), tag)
            before = before or self._live(renamed)
        return before

    def listen(self, claim: Claim, before: Claim | None, *, moves: bool = False) -> Claim:
        """The claim, with every field either said or only shown. `moves`: its row goes to another key."""
        fields, tag = self._two_way.fields[claim["resource"]], _tag(claim)
        may_be_made = before is None and claim.get("ours") is None and self._awaited.knows(ANY_ROW)
        if before is None:
            self._awaited.rename(ANY_ROW, tag)
        is_again = _is_read_again(claim, before)
        speeches = {
            name: self._hear(name, claim, before, tag=tag, place=place, is_again=is_again)
            for name, place in fields.items()
        }
        for name, place in fields.items() if moves else ():
            queue = self._awaited.of(tag, place)
            if speeches[name] == "kept" and queue and queue[0].marks & SEEN:
                # What the row said has been written over, and nobody at the other key knows of what was on its way.
                speeches[name] = "shown"
        for name in shows(claim):
            if name not in fields:
                speech = self._hear_one_way(name, claim, before, is_again=is_again)
                # The gaps of a new row that we may have made state nothing.
                speeches[name] = "shown" if may_be_made and _value(claim, name) is None else speech
        is_silent = "said" not in speeches.values()
        if is_silent and (claim.get("ours") or "shown" in speeches.values()):
            self._heard.echoes.add(claim["system"])
        is_made = claim.get("ours") or (may_be_made and is_silent) if before is None else EXISTENCE in before["echoed"]
        return _worded(claim, before, speeches, made=[EXISTENCE] if is_made else [])

    def listen_to_sent(self, claim: Claim, before: Claim | None) -> Claim:
        """The same for a claim that another key sends. What a row that is new here only shows was found out there, as
        far as that key knew the row; here is known what was on its way to it from this key."""
        if before is not None:
            return self.listen(claim, before)
        found = self.listen({**claim, "ours": None}, None)
        # Nobody knew the row: then a write of ours says nothing in the fields that we write, and all else was said.
        unheard = self._two_way.fields[claim["resource"]] if claim.get("ours") and not claim["echoed"] else ()
        echoed = [*dict.fromkeys([*found["echoed"], *claim["echoed"], *unheard])]
        return {**found, "echoed": echoed, "ours": claim.get("ours")}

    def leave(self, claim: Claim, before: Claim | None, *, is_gone: bool) -> Claim:
        """The retraction of a row. One that we have taken away does not say that the entity is no more, also where the
        row was never heard of here."""
        self._awaited.drop(_tag(claim))
        if claim.get("ours") or (claim.get("ours") is None and is_gone and self._was_taken(before)):
            self._heard.echoes.add(claim["system"])
            return {**claim, "echoed": [EXISTENCE]} if is_gone else claim
        if before is None:
            return claim
        self._heard.lost.add(claim["system"])
        return claim

    def doubt(self, claim: Claim) -> None:
        """Of the row an earlier word is still to be heard: what was on its way to it may have come and gone since."""
        for name in self._two_way.fields[claim["resource"]] if claim["values"] is not None else ():
            self._heard.doubts.setdefault(claim["system"], {})[name] = digest(_value(claim, name))

    def forget(self, claim: Claim) -> None:
        """The claim's row has gone elsewhere."""
        self._awaited.drop(_tag(claim))

    def note(self) -> None:
        """What is still awaited, into the state's route."""
        if self._route is None:
            return
        entries, texts = self._awaited.dumped(), self._awaited.texts()
        if entries != self._route["unconfirmed"] or texts != self._route["texts"]:
            changed: Route = {**self._route, "unconfirmed": entries, "texts": texts}
            self._state["routes"] = [changed if r is self._route else r for r in self._state["routes"]]

    def _hear(  # noqa: PLR0913 - where in the row, and in the schema
        self, name: str, claim: Claim, before: Claim | None, *, tag: int, place: int, is_again: bool
    ) -> Speech:
        queue, is_other = self._awaited.of(tag, place), before is None or _value(before, name) != _value(claim, name)
        # Another key has seen a write of ours arrive; over what it came is known here.
        if name in claim["echoed"] and not (claim.get("ours") and before is not None):
            if is_other:
                self._watch(name, claim, queue, tag=tag, place=place)
            return "shown"
        if is_again:
            return "kept" if queue and queue[0].marks & SEEN else _as_before(name, before)
        if not queue and not is_other:
            return "kept"  # what `judge` says where nothing is on its way and nothing has changed
        if not queue and claim.get("ours") and self._counts_elsewhere and not claim["under"]:
            return "shown"
        now = digest(_value(claim, name))
        word = None if before is None else digest(_value(before, name))
        if queue and now != shown(queue, word) and claim.get("ours") is None:
            now = self._awaited.whole(_value(claim, name), queue) or now
        is_said = before is not None and name not in before["echoed"]
        verdict = judge(now, word, queue, ours=claim.get("ours"), is_said=is_said)
        self._awaited.put(tag, place, verdict.queue)
        if verdict.doubt:
            self._heard.doubts.setdefault(claim["system"], {})[name] = now
        return verdict.speech

    def _watch(self, name: str, claim: Claim, queue: list[Awaited], *, tag: int, place: int) -> None:
        """Another key has found that a field only shows what that one sent: did it come before what was sent from here,
        or over it? Whoever cannot tell asks."""
        now, coming = digest(_value(claim, name)), under_way(queue)
        if coming and coming[-1].digest in (now, self._awaited.whole(_value(claim, name), coming)):
            self._awaited.put(tag, place, [])
        else:
            self._heard.doubts.setdefault(claim["system"], {})[name] = now

    def _hear_one_way(self, name: str, claim: Claim, before: Claim | None, *, is_again: bool) -> Speech:
        """A field that is not sent to the system, so that it says whatever it shows; but what our writes bring about,
        defaults of a row that we have made, say, it does not."""
        if name in claim["echoed"]:
            return "shown"
        if is_again:
            return _as_before(name, before)
        is_same = before is not None and _value(before, name) == _value(claim, name)
        if before is None or name in before["echoed"]:
            return "shown" if claim.get("ours") or (before is not None and is_same) else "said"
        return "kept" if is_same else "said"

    def _live(self, claim: Claim) -> Claim | None:
        live = [held for held in of_row(claim, self._state["claims"]) if held["values"] is not None]
        return next((held for held in live if held["under"] == claim["under"]), live[0] if live else None)

    def _was_taken(self, before: Claim | None) -> bool:
        """Whether a delete was sent for a row that never said anything of its own."""
        return before is not None and self._route is not None and not self._route["digest"] and only_repeats(before)


def _worded(claim: Claim, before: Claim | None, speeches: Mapping[str, Speech], *, made: list[str]) -> Claim:
    values, nulls = dict(claim["values"] or {}), set(claim["stated_null"])
    echoed = [name for name, speech in speeches.items() if speech == "shown"]
    for name, speech in speeches.items():
        if speech == "kept" and before is not None:
            values[name] = _value(before, name)
            nulls = nulls | {name} if name in before["stated_null"] else nulls - {name}
            echoed += [name] if name in before["echoed"] else []
    stated_null = [name for name in values if name in nulls]
    return {**claim, "values": values, "stated_null": stated_null, "echoed": echoed + made}


def _value(claim: Claim, name: str) -> object:
    return (claim["values"] or {}).get(name)


def _as_before(name: str, before: Claim | None) -> Speech:
    return "shown" if before is not None and name in before["echoed"] else "said"


def _is_read_again(claim: Claim, before: Claim | None) -> bool:
    """The same change by another mapping: what was only shown by the last is only shown by this."""
    return (
        before is not None
        and before["mapping"] != JUST_BEFORE
        and (before["epoch"], before["commit"], before["ordinal"])
        == (claim["epoch"], claim["commit"], claim["ordinal"])
    )


def _tag(claim: Claim) -> int:
    return row_tag(claim["resource"], claim["row"])
