"""What is proposed for some dead letters, rehearsed; and the same done, once somebody agrees."""

from collections.abc import Sequence
from typing import NamedTuple

from console.decisions import Actor, decision, keep
from console.mending.barrier import bring_up
from console.mending.desk import Desk
from console.mending.letters import Case
from console.mending.parcels import Parcel, send
from schemas.records import Action, DeadLetter
from streams.difference import Change


class Plan(NamedTuple):
    """One letter, and what would be sent for it. `detail`: for the decision; never a value."""

    case: Case
    parcel: Parcel
    detail: str = ""


class Proposal(NamedTuple):
    """`sound`: would be processed. `refused`: would become dead letters again, each with that letter. `overtaken`:
    something later is known of their rows. `changes`: at the subscribers.
    """

    sound: list[Plan]
    refused: list[tuple[Plan, DeadLetter]]
    overtaken: list[Plan]
    changes: list[Change]


def rehearse(desk: Desk, plans: Sequence[Plan]) -> Proposal:
    """All plans after each other, as they would be sent; all of one entity. Nothing is written."""
    found = Proposal([], [], [], [])
    if not plans:
        return found
    rehearsal = desk.rehearsal(plans[0].case.letter["entity"])
    for plan in plans:
        played = rehearsal.play(plan.parcel.topic, plan.parcel.key.encode(), plan.parcel.value)
        if played.letters:
            found.refused.append((plan, played.letters[0]))
        elif played.superseded:
            found.overtaken.append(plan)
        else:
            found.sound.append(plan)
    return found._replace(changes=rehearsal.changes())


def carry_out(desk: Desk, proposal: Proposal, action: Action, who: Actor) -> None:
    """The decision first, so that nothing is ever done of which nobody knows who did it. Raises Unanswered."""
    decided = [
        decision(kind, plan.case.letter["id"], who, system=plan.case.letter["system"], **_about(plan))
        for kind, plans in ((action, proposal.sound), ("supersede", proposal.overtaken))
        for plan in plans
    ]
    if proposal.sound:
        entity = proposal.sound[0].case.letter["entity"]
        bring_up(desk, entity, [plan.parcel.key for plan in proposal.sound])
    keep(desk.settings, decided)
    send(desk.settings, [plan.parcel for plan in proposal.sound])


def _about(plan: Plan) -> dict[str, str]:
    return {"entity": plan.case.letter["entity"], "detail": plan.detail}
