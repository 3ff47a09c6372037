"""Has somebody said something in a field, or does it only show what its system was sent? Decided by digests alone.

`now` is compared with what the row showed before and with everything that is on its way to it, `queue`:

- as before: nothing was said;
- the newest on its way: it has arrived, and is only shown; unless the system says the same itself;
- an older one on its way: it will be written over, and changes nothing that was said;
- anything else: an edit, the system's new word. If it was written by us: the target altered what it was given.

Where the source can tell our writes from others' (`ours`), only those can have arrived, and none of them is an edit.
"Equals the last delivered" alone is wrong both ways: v1 and v2 are sent and the echo of v1 comes back, it is no edit; a
user sets a value away and back, it is one.
"""

from typing import Literal, NamedTuple, TypeAlias

from streams.unconfirmed import ANSWERED, SAID, SEEN, Awaited, shown, under_way

#: `said`: a new word. `shown`: only repeated. `kept`: what was the field's word, or only shown, before.
Speech: TypeAlias = Literal["said", "shown", "kept"]


class Verdict(NamedTuple):
    """`queue`: what is awaited from now on. `doubt`: the row may need an answer, if it is not to show this."""

    speech: Speech
    queue: list[Awaited]
    doubt: bool = False


def judge(now: bytes, word: bytes | None, queue: list[Awaited], *, ours: bool | None, is_said: bool) -> Verdict:
    """`word`: the field's last one, None where the row is new; `is_said`: it was not only shown."""
    awaited = under_way(queue)
    # One answer is enough until something newer is sent: a target that alters what it is given answers the same again.
    may_ask = ours is None and bool(awaited) and not awaited[-1].marks & ANSWERED
    if now == shown(queue, word):
        return Verdict("kept", queue, may_ask)
    if ours is not False:
        place = next((place for place, each in enumerate(awaited) if each.digest == now), None)
        if place is not None and place < len(awaited) - 1:
            seen = Awaited(awaited[place].marks | SEEN, now)
            return Verdict("shown" if word is None else "kept", [seen, *awaited[place + 1 :]], may_ask)
        if awaited and (place is not None or ours):
            return _arrived(now, word, awaited[-1], is_said=is_said)
        if ours:
            return _unexpected(now, word, is_said=is_said)
    return Verdict("said", awaited, doubt=True)


def _arrived(now: bytes, word: bytes | None, newest: Awaited, *, is_said: bool) -> Verdict:
    if not (newest.marks & SAID and is_said):
        return Verdict("shown", [])
    return Verdict("kept", [] if now == word else [Awaited(SEEN, now)])


def _unexpected(now: bytes, word: bytes | None, *, is_said: bool) -> Verdict:
    """Written by us, and nothing was on its way: an older state came late, over something that had been said since."""
    if word is not None and is_said:
        return Verdict("kept", [Awaited(SEEN, now)], doubt=True)
    return Verdict("shown", [], doubt=True)
