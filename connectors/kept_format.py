"""The format of what a source keeps in Kafka: the JSON in `detail` of its ConnectorState."""

import json
from typing import Final

from connectors.errors import SourceUnavailable
from schemas.formats import newer

#: Written as `format`; what says nothing is of the first.
FORMAT: Final = 1


def refuse_newer(detail: str) -> None:
    """Raises SourceUnavailable where a newer version has kept it. To be asked before anything else is done."""
    try:
        body = json.loads(detail)
    except ValueError:
        return
    found = body.get("format") if isinstance(body, dict) else None
    if isinstance(found, int) and (refused := newer("the state in the topic connectors", found=found, known=FORMAT)):
        raise SourceUnavailable(f"going on where the source was: {refused}")
