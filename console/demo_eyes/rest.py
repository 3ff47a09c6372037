"""A service: what it holds under a key is asked for by GET, where the sink puts it."""

from typing import Any
from urllib.parse import quote

import httpx2

from console.errors import ConsoleError
from schemas.manifest import Subscription
from schemas.records import Row


def eye(system: str, connect: dict[str, Any], subscription: Subscription) -> "RestEye":
    """Opened: the service has answered once."""
    template = str(connect.get("upsert", "PUT /{into}/{key}")).partition(" ")[2]
    url = connect["url"].rstrip("/") + template.replace("{into}", quote(subscription.into, safe="/"))
    client = httpx2.Client(headers=connect.get("headers", {}), timeout=10, trust_env=False)
    found = RestEye(system, client, url, subscription.key.column)
    found.row({subscription.key.column: "?"}, [])
    return found


class RestEye:
    """See `console.demo_eyes.Eye`."""

    def __init__(self, system: str, client: httpx2.Client, url: str, key: str) -> None:
        self._system, self._client, self._url, self._key = system, client, url, key

    def row(self, where: Row, names: list[str]) -> Row | None:
        """See Eye."""
        try:
            answer = self._client.get(self._url.replace("{key}", quote(str(where[self._key]), safe="")))
        except httpx2.HTTPError as error:
            raise ConsoleError(
                f"looking into {self._system}: {type(error).__name__}; `lienthong check` tests the connection"
            ) from None
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise ConsoleError(
                f"looking into {self._system}: answer {answer.status_code}; see that it lets these credentials read"
            )
        held = answer.json()
        return {name: None if held.get(name) is None else str(held[name]) for name in names}

    def values(self, column: str, limit: int) -> list[str] | None:
        """See Eye: services have no common way to list what they hold."""
        return None

    def close(self) -> None:
        """See Eye."""
        self._client.close()
