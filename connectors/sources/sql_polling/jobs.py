"""Tables that are to be read anew while rounds go on: what of it is kept in Kafka."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from connectors.resync_requests import NOTHING, concerns
from schemas.records import Resync, ResyncRequest


class Job(BaseModel):
    """One table. How far it has come is kept on this machine, together with what was read."""

    model_config = ConfigDict(frozen=True)

    resource: str
    #: The epoch of its markers: the last one voids whatever was said in earlier ones.
    epoch: int
    #: Id of the request that it answers.
    answers: str
    #: Rows a second at most; 0: any number.
    rate: int = 0

    @property
    def id(self) -> str:
        """No two jobs share it."""
        return f"{self.epoch}/{self.resource}/{self.answers}"


def jobs_of(requests: Iterable[ResyncRequest], tables: Iterable[str], *, epoch: int) -> list[Job]:
    """What is to be done; nothing where the system does not publish such a table."""
    listed = list(tables)
    return [
        Job(resource=resource, epoch=epoch, answers=request["id"], rate=request["rate"])
        for request in requests
        for resource in concerns(request, listed)
    ]


def said(jobs: Iterable[Job], known: Resync | None, *, rows: int) -> Resync | None:
    """What is told to people of these jobs, the first of which has come so far; None where there was never any."""
    listed = list(jobs)
    if known is None and not listed:
        return None
    answers = list(dict.fromkeys(job.answers for job in listed))
    resource = listed[0].resource if listed else ""
    told: Resync = {**(known or NOTHING), "answers": answers, "left": len(listed), "resource": resource}
    told["rows"], told["expected"] = (rows, 0) if listed else (0, 0)
    return told
