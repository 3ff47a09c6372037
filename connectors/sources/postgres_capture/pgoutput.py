"""Decodes pgoutput, protocol version 1: whole transactions, in the order of their commits."""

from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from typing import Final

from connectors.postgres_marks import MESSAGE, ORIGINS
from connectors.sources.postgres_capture.epochs import Epochs
from connectors.sources.postgres_capture.relations import (
    Described,
    Published,
    Relation,
    candidate_keys,
    parse,
)
from connectors.sources.postgres_capture.replication import POSTGRES_EPOCH_MICROSECONDS
from connectors.sources.postgres_capture.tuples import row_of_cells, tuple_texts
from connectors.values import Change
from schemas.records import ChangeEvent, Operation, Row

#: Bytes before the payload: the tag `w`, start and end in the WAL, the server's clock.
_HEADER: Final = 25
_TAG: Final = _HEADER
_FULL_OLD, _NEW = b"ON"
_begin_fields: Final = Struct(">QqI").unpack_from
_number: Final = Struct(">I").unpack_from
_OUR_MESSAGE: Final = f"{MESSAGE}\0".encode()
_OUR_ORIGINS: Final = frozenset(f"{name}\0".encode() for name in ORIGINS)

#: Reads the fields that were not sent of the row with this primary key: their cells, or None when it is gone.
ReadAgain = Callable[[Relation, Sequence[str], Sequence[str]], "Sequence[bytes | None] | None"]


class Pgoutput:
    """Turns messages into changes.

    `settled` is the position up to which every commit has been decoded; `now` what the caller's clock says, in
    microseconds since 1970.
    """

    def __init__(  # noqa: PLR0913 - what the stream's changes are made of
        self,
        *,
        system: str,
        shows_messages: bool,
        epochs: Epochs,
        published: Mapping[int, Published],
        read_again: ReadAgain,
        primary_keys: Callable[[int], Mapping[str, tuple[str, ...]]],
    ) -> None:
        self.settled = self.now = 0
        self._system = system
        #: What a transaction without our mark is. Where messages are not shown, some of ours may have none.
        self._unmarked = False if shows_messages else None
        self._ours: bool | None = self._unmarked
        self._epochs = epochs
        self._epoch = 0
        self._published = published
        self._read_again = read_again
        self._primary_keys = primary_keys
        self._relations: dict[int, Relation] = {}
        self._commit = self._transaction = self._ordinal = self._source_time = 0
        self._handlers: dict[int, Callable[[bytes, list[Change]], None]] = {
            ord("B"): self._begin,
            ord("C"): self._end,
            ord("R"): self._relation,
            ord("I"): self._insert,
            ord("U"): self._update,
            ord("D"): self._delete,
            ord("T"): self._truncate,
            ord("M"): self._message,
            ord("Y"): _ignore,  # types are looked up by oid
            ord("O"): self._origin,
        }

    def decode(self, message: bytes, changes: list[Change]) -> None:
        """Append what one WAL data message says. Raises Untrustworthy."""
        self._handlers[message[_TAG]](message, changes)

    def _begin(self, message: bytes, _: list[Change]) -> None:
        self._commit, committed, self._transaction = _begin_fields(message, _TAG + 1)
        self._source_time = committed + POSTGRES_EPOCH_MICROSECONDS
        self._ordinal = 0
        self._ours = self._unmarked
        self._epoch = self._epochs.of(self._commit)

    def _end(self, message: bytes, _: list[Change]) -> None:
        # tag, flags, the commit's place, the place after it
        self.settled = int.from_bytes(message[_TAG + 10 : _TAG + 18])
        self._commit = 0

    def _message(self, message: bytes, _: list[Change]) -> None:
        """Somebody's note, of ours the heartbeat: outside a transaction all earlier commits have been sent. Inside one,
        ours says that it is a delivery."""
        if self._commit:
            # tag, flags, the message's place
            if message.startswith(_OUR_MESSAGE, _TAG + 10):
                self._ours = True
        else:
            self.settled = max(self.settled, int.from_bytes(message[1:9]))

    def _origin(self, message: bytes, _: list[Change]) -> None:
        # tag, the commit's place at its origin
        if message[_TAG + 9 :] in _OUR_ORIGINS:
            self._ours = True

    def keepalive(self, message: bytes) -> None:
        """The server has decoded up to here; nothing of ours was in what it did not send."""
        if not self._commit:
            self.settled = max(self.settled, int.from_bytes(message[1:9]))

    def _relation(self, message: bytes, _: list[Change]) -> None:
        described = parse(message, _TAG + 1)
        published = self._published.get(described.oid)
        if published is not None:
            self._relations[described.oid] = self._known(published, described)

    def _known(self, published: Published, described: Described) -> Relation:
        known = self._relations.get(described.oid)
        keys = candidate_keys(known, described, self._primary_keys(described.oid))
        return published.described(described, keys)

    def _insert(self, message: bytes, changes: list[Change]) -> None:
        self._ordinal += 1
        relation = self._relations.get(_number(message, _TAG + 1)[0])
        if relation is not None:
            place = _TAG + 6
            after, _, __ = relation.read(message, place)
            self._add(changes, relation, "create", relation.name_row(after, message, place), None, None, after)

    def _update(self, message: bytes, changes: list[Change]) -> None:
        self._ordinal += 1
        relation = self._relations.get(_number(message, _TAG + 1)[0])
        if relation is None:
            return
        place, before, previous = _TAG + 6, None, None
        old = message[place - 1]
        if old != _NEW:
            before, end, _ = relation.read(message, place)
            previous = relation.name_row(before, message, place)
            place = end + 1
        after, _, missing = relation.read(message, place)
        if missing:
            if before is not None and old == _FULL_OLD:
                after |= {field: before[field] for field in missing}
            else:
                after |= self._read_missing(relation, missing, message, place)
        name = relation.name_row(after, message, place)
        self._add(changes, relation, "update", name, previous if previous != name else None, before, after)

    def _delete(self, message: bytes, changes: list[Change]) -> None:
        self._ordinal += 1
        relation = self._relations.get(_number(message, _TAG + 1)[0])
        if relation is not None:
            place = _TAG + 6
            before, _, __ = relation.read(message, place)
            self._add(changes, relation, "delete", relation.name_row(before, message, place), None, before, None)

    def _truncate(self, message: bytes, changes: list[Change]) -> None:
        count, place = _number(message, _TAG + 1)[0], _TAG + 6
        for (oid,) in Struct(">I").iter_unpack(message[place : place + 4 * count]):
            self._ordinal += 1
            relation = self._relations.get(oid)
            if relation is not None:
                self._add(changes, relation, "truncate", "", None, None, None)

    def _read_missing(self, relation: Relation, missing: Sequence[str], message: bytes, place: int) -> Row:
        """TOAST values that the update has left alone, from the table itself.

        They may be newer than the update: then a change that says so follows; where the row is gone, its delete does.
        """
        columns = {field: column for column, field in relation.shape.fields.items()}
        names = list(relation.shape.fields)
        key = tuple_texts(message, place, [names.index(column) for column in relation.primary_key])
        cells = self._read_again(relation, [columns[field] for field in missing], [text or "" for text in key])
        readers = [reader for reader in relation.shape.readers if reader[0] in missing]
        return row_of_cells(readers, cells if cells is not None else [None] * len(readers))

    def _add(  # noqa: PLR0913, PLR0917 - called for every row
        self,
        changes: list[Change],
        relation: Relation,
        operation: Operation,
        row: str,
        previous_row: str | None,
        before: Row | None,
        after: Row | None,
    ) -> None:
        event: ChangeEvent = {
            "operation": operation,
            "system": self._system,
            "resource": relation.resource,
            "row": row,
            "previous_row": previous_row,
            "new_key": None,
            "epoch": self._epoch,
            "commit": self._commit,
            "ordinal": self._ordinal,
            "edit": 0,
            "transaction": self._transaction,
            "source_time": self._source_time,
            "captured_time": self.now,
            "before": before,
            "after": after,
            "ours": self._ours,
        }
        changes.append(Change(relation.entity, event, relation.avro))
        for entity in relation.other_entities:
            changes.append(Change(entity, event.copy(), relation.avro))


def _ignore(message: bytes, changes: list[Change]) -> None:
    """A message that says nothing of rows."""
