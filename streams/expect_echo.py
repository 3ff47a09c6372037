"""What is sent to a system that also publishes may come back: it is noted when it is sent, for `judge_echo`."""

from collections.abc import Collection, Iterable, Iterator

from schemas.records import Claim, Entity, Route
from streams.two_way import TwoWay
from streams.unconfirmed import ANSWERED, ANY_ROW, SAID, SEEN, Awaited, Unconfirmed, digest, row_tag, shown, under_way


def expect_echo(route: Route, claims: list[Claim], view: Entity, two_way: TwoWay, *, answers: bool) -> Route:
    """The route, with what may come back once this view is sent. `answers`: the system showed something else and is
    sent it again."""
    awaited = Unconfirmed.of_route(route)
    rows = list(rows_of(claims, two_way))
    for claim in rows:
        for name, place in two_way.fields[claim["resource"]].items():
            tag = row_tag(claim["resource"], claim["row"])
            queue = awaited.of(tag, place)
            awaited.put(tag, place, _expecting(queue, digest(view[name]), claim, name, answers=answers))
    for fields in two_way.fields.values() if not rows else ():
        for name, place in fields.items():
            queue = awaited.of(ANY_ROW, place)
            awaited.put(ANY_ROW, place, _expecting(queue, digest(view[name]), None, name, answers=answers))
    if not rows or any(claim.get("ours") is None for claim in rows):
        # Whoever can tell that it was we who wrote takes nothing that we have written for a word, cut off or not.
        for name in {name for fields in two_way.fields.values() for name in fields}:
            awaited.remember(view[name])
    return {**route, "unconfirmed": awaited.dumped(), "texts": awaited.texts()}


def shows_already(  # noqa: PLR0913, PLR0917
    unconfirmed: list[bytes],
    claims: list[Claim],
    view: Entity,
    fields: Iterable[str],
    unchanged: Collection[str],
    two_way: TwoWay,
) -> bool:
    """Whether the system shows these fields of the view, or will once all has arrived, without being sent them.

    `unchanged`: those that were last sent as they are now. A system's own word is not sent back to
    it: it could only write over what its users have said since.
    """
    awaited, rows = Unconfirmed(unconfirmed), list(rows_of(claims, two_way))
    for claim in rows:
        places, tag = two_way.fields[claim["resource"]], row_tag(claim["resource"], claim["row"])
        for name in fields:
            place = places.get(name)
            if place is None:
                if name not in unchanged:
                    return False
            elif _comes_to_show(awaited.of(tag, place), claim, name) != digest(view[name]):
                return False
    return bool(rows)


def rows_of(claims: list[Claim], two_way: TwoWay) -> Iterator[Claim]:
    """The system's rows that deliveries are written to."""
    for claim in claims:
        if claim["system"] == two_way.system and claim["values"] is not None and claim["resource"] in two_way.fields:
            yield claim


def _expecting(queue: list[Awaited], sent: bytes, claim: Claim | None, name: str, *, answers: bool) -> list[Awaited]:
    coming, word = under_way(queue), _word(claim, name)
    says_it = SAID if claim is not None and sent == word and name not in claim["echoed"] else 0
    marks = says_it | (ANSWERED if answers else 0)
    if coming and coming[-1].digest == sent:
        return [*queue[:-1], Awaited(marks, sent)]
    if coming or shown(queue, word) != sent:
        return [*queue, Awaited(marks, sent)]
    # It shows this and nothing else is coming: to write it again will change nothing.
    return [] if queue and queue[0].marks & SEEN and sent == word else queue


def _comes_to_show(queue: list[Awaited], claim: Claim, name: str) -> bytes | None:
    coming = under_way(queue)
    return coming[-1].digest if coming else shown(queue, _word(claim, name))


def _word(claim: Claim | None, name: str) -> bytes | None:
    return None if claim is None else digest((claim["values"] or {}).get(name))
