"""Tables that are to be read anew: what of it is kept in Kafka between starts."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict

from connectors.resync_requests import NOTHING, concerns
from schemas.records import Resync, ResyncRequest

#: Its resource and the place where its epoch begins: no two jobs share both.
JobId: TypeAlias = tuple[str, str]


class Wanted(NamedTuple):
    """A job before it has a place: see `Job`."""

    resource: str
    answers: tuple[str, ...] = ()
    rate: int = 0
    patient: bool = False


class Job(BaseModel):
    """One table."""

    model_config = ConfigDict(frozen=True)

    resource: str
    #: The epoch of its markers: the last one voids whatever was said in earlier ones.
    epoch: int
    #: What is committed before this place may still be of an earlier epoch: rows are read only once that has been seen.
    since: str
    #: Ids of the requests that it answers.
    answers: tuple[str, ...] = ()
    #: Rows a second at most; 0: any number.
    rate: int = 0
    #: Transactions that were open when it began may be missing in the stream: they must have ended.
    patient: bool = False
    #: Whether the marker of its beginning has been handed out.
    begun: bool = False
    #: The primary key of the last row read, each column's bytes as latin-1; empty where none was.
    after: tuple[str, ...] = ()
    rows: int = 0
    #: Rows of the table as the database estimates them.
    expected: int = 0

    @property
    def id(self) -> JobId:
        """See JobId."""
        return self.resource, self.since

    def key(self) -> list[bytes]:
        """`after` as the database holds it."""
        return [part.encode("latin-1") for part in self.after]


#: How far each job has come; None: to its end.
Progress: TypeAlias = Mapping[JobId, Job | None]


def advanced(jobs: Iterable[Job], progress: Progress) -> tuple[Job, ...]:
    """The jobs that are left; those that `progress` does not know stay as they are."""
    moved = (progress.get(job.id, job) for job in jobs)
    return tuple(job for job in moved if job is not None)


def said(jobs: Iterable[Job], known: Resync | None) -> Resync | None:
    """What is told to people of these jobs; None where there was never any."""
    listed = list(jobs)
    if known is None and not listed:
        return None
    answers = dict.fromkeys(request for job in listed for request in job.answers)
    told: Resync = {**(known or NOTHING), "answers": list(answers), "left": len(listed)}
    first = listed[0] if listed else None
    told["resource"] = first.resource if first else ""
    told["rows"] = first.rows if first else 0
    told["expected"] = first.expected if first else 0
    return told


def wanted_by(request: ResyncRequest, tables: Iterable[str]) -> list[Wanted]:
    """What is to be done; nothing where the system does not publish such a table."""
    return [Wanted(resource, (request["id"],), request["rate"]) for resource in concerns(request, tables)]
