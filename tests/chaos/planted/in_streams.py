"""Mistakes in what happens to a change."""

from typing import Any

from pytest import MonkeyPatch

from schemas import compose
from schemas.codec import codec_for
from schemas.records import Claim, EntityState
from streams import claims, deduplicate, ear, identify, judge_echo, merge, pipeline, settle
from streams.emit import Effects, Emitter
from streams.engine.records import Record
from streams.judge_echo import Verdict
from streams.place import Place
from streams.project import Projection, View
from streams.route import Routed
from streams.settle import Settler
from streams.told import Told
from streams.unconfirmed import Awaited, under_way
from streams.worker import Worker


def a_dropped_delete(patch: MonkeyPatch) -> None:
    """Nobody is told that a record is no more."""
    _send_no(patch, lambda sent, state: sent.operation == "delete" and state["value"] is None)


def no_scope_exit(patch: MonkeyPatch) -> None:
    """Whoever may not have a record any more is not told to let it go."""
    _send_no(patch, lambda sent, state: sent.operation == "delete" and state["value"] is not None)


def _send_no(patch: MonkeyPatch, which: Any) -> None:
    route = vars(settle)["route"]

    def forgetful(state: EntityState, *arguments: Any, **more: Any) -> Routed:
        routed: Routed = route(state, *arguments, **more)
        return routed._replace(sent=[sent for sent in routed.sent if not which(sent, state)])

    patch.setattr(settle, "route", forgetful)


def a_grave_purged_early(patch: MonkeyPatch) -> None:
    """Of a deleted record nothing is kept: neither its version nor what was said last."""
    keep = Emitter.state

    def purge(self: Emitter, state: EntityState, effects: Effects) -> None:
        keep(self, state, effects)
        if state["status"] == "deleted" and state["version"]:
            key, _ = effects.states.pop()
            effects.states.append((key, None))

    patch.setattr(Emitter, "state", purge)


def a_position_without_epoch(patch: MonkeyPatch) -> None:
    """A database that was restored counts its commits anew, and is not listened to."""
    _positions(patch, lambda place: (0, *place[1:]))


def a_position_without_ordinal(patch: MonkeyPatch) -> None:
    """Two changes of one transaction are taken for one."""
    _positions(patch, lambda place: (*place[:2], 0, *place[3:]))


def _positions(patch: MonkeyPatch, bent: Any) -> None:
    position = claims.position
    for module in (deduplicate, merge):
        patch.setattr(module, "position", lambda said: bent(position(said)))


def a_position_without_row(patch: MonkeyPatch) -> None:
    """Two rows of one table about the same person are taken for one."""

    def find(held: Any, system: str, resource: str, _row: str) -> Claim | None:
        of_table = [c for c in held if (c["system"], c["resource"], c["under"]) == (system, resource, "")]
        return of_table[-1] if of_table else None

    for module in (deduplicate, identify):
        patch.setattr(module, "find", find)


def a_repeat_dropped(patch: MonkeyPatch) -> None:
    """The last word once more changes nothing, and so nothing is sent: what was lost on its way stays lost."""
    patch.setattr(Settler, "repeat", lambda *_: None)


def a_snapshot_without_retraction(patch: MonkeyPatch) -> None:
    """Rows that are not in a new snapshot are not taken for gone."""
    floor_set_by = vars(pipeline)["floor_set_by"]
    patch.setattr(
        pipeline, "floor_set_by", lambda event: None if event["operation"] == "snapshot_end" else floor_set_by(event)
    )


def an_echo_by_last_delivered_only(patch: MonkeyPatch) -> None:
    """What a row shows is an echo if it equals what was sent last, and a new word otherwise."""

    def judge(now: bytes, word: bytes | None, queue: list[Awaited], *, ours: bool | None, is_said: bool) -> Verdict:
        last = under_way(queue)[-1:]
        if now == word:
            return Verdict("kept", queue)
        return Verdict("shown", []) if last and last[0].digest == now else Verdict("said", [])

    patch.setattr(ear, "judge", judge)
    patch.setattr(judge_echo, "judge", judge)


def versions_restarting(patch: MonkeyPatch) -> None:
    """A record that comes back counts its versions from one."""
    merged = Settler._merge

    def anew(self: Settler, turn: Any, *arguments: Any) -> EntityState:
        after = merged(self, turn, *arguments)
        if turn.state["value"] is None and after["value"] is not None:
            after["version"] = 1
        return after

    patch.setattr(Settler, "_merge", anew)


def one_poison_record_blocking(patch: MonkeyPatch) -> None:
    """A record that cannot be processed is tried again for ever."""

    def unguarded(self: Worker, record: Record, place: Place) -> tuple[Told, Effects]:
        told, effects = guarded(self, record, place)
        if effects.failure is not None:
            raise effects.failure
        return told, effects

    guarded = Worker._guarded
    patch.setattr(Worker, "_guarded", unguarded)


def a_quarantine_advancing_the_position(patch: MonkeyPatch) -> None:
    """An event that went to the dead letters counts as heard, and comes in vain when it is sent again."""
    unread = vars(pipeline)["identify_unread"]

    def heard(event: Any, state: EntityState, resource: Any) -> Any:
        said = unread(event, state, resource)
        return said._replace(here=[{**claim, "mapping": resource.revision} for claim in said.here])

    patch.setattr(pipeline, "identify_unread", heard)


def a_projection_after_the_topic(patch: MonkeyPatch) -> None:
    """The whole record is sent to everybody, for the sinks to pick from."""
    whole = codec_for(compose.load("person")).encode
    patch.setattr(Projection, "project", lambda _, value: View(value, value, whole(value)))
