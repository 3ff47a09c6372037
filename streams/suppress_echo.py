"""What a row only shows because its system was sent it must not become that system's word.

Judged where a claim is taken: against what the row said there before, and what is on its way to it.
"""

from schemas.records import Claim, EntityState
from streams.deduplicate import Floor
from streams.ear import Ear, Heard, counts
from streams.identify import Said
from streams.two_way import TwoWay


def suppress_echo(said: Said, state: EntityState, floor: Floor, two_way: TwoWay) -> tuple[Said, Heard]:
    """What an event says, each field said or only shown. What has arrived is noted in the state's routes."""
    heard, first = Heard(), said.here[0] if said.here else None
    if first is None or not counts(first, state, floor, two_way):
        return said, heard
    ear = Ear(state, two_way, heard)
    before = ear.take_over(said.here)
    claim = said.onward or first
    # What only an alias knows of the row, it knows from before it came here.
    missed = said.was_here and (before is None or before["under"] != "")
    if missed:
        ear.doubt(claim)
    # A row that is not here has been judged where it was, or will be where it goes.
    if claim["values"] is not None and (said.onward is None or before is not None):
        claim = ear.listen(claim, before, moves=said.onward is not None)
    if first["values"] is None:
        first = ear.leave(first, before, is_gone=said.onward is None)
    ear.note()
    unheard = missed or (before is not None and before.get("unheard", False))
    if said.onward is not None:
        left: Claim = {**first, "unheard": unheard}
        onward: Claim = {**claim, "unheard": unheard}
        return said._replace(here=[left, *said.here[1:]], onward=onward), heard
    stays: Claim = {**claim, "unheard": unheard} if claim["values"] is not None else first
    return said._replace(here=[stays, *said.here[1:]]), heard
