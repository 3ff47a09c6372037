"""Sends deliveries over HTTP and says what became of each. Never logs an address: there are keys of people in it."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

import httpx2
import orjson

from connectors.sinks.rest_target.addresses import NotAllowed, destination
from connectors.sinks.rest_target.answers import Answer, Done, Refused, Troubled, judged, retry_after
from connectors.sinks.rest_target.protocol import Request, batch_of, idempotency_key, request_of
from connectors.sinks.rest_target.settings import Connect
from connectors.values import Stream, Write
from schemas.manifest import Subscription

Verdict: TypeAlias = Done | Refused | Troubled
_MOST_REDIRECTS = 3
#: These alone keep method and body.
_REDIRECTS = (307, 308)


class Sender:
    """One client for one thread."""

    def __init__(self, connect: Connect) -> None:
        """Raises OSError where the file of `ca` cannot be read."""
        self._connect = connect
        self._client = httpx2.Client(
            headers=connect.headers,
            timeout=connect.timeout,
            verify=ssl.create_default_context(cafile=connect.ca),
            # The manifest says how the system is reached, not the environment.
            trust_env=False,
            follow_redirects=False,
        )

    def alone(self, write: Write, stream: Stream, subscription: Subscription) -> Verdict:
        """One delivery, by the template of its operation."""
        connect = self._connect
        template = {"upsert": connect.upsert, "delete": connect.delete, "rename": connect.rename}[write.operation]
        if template is None:
            return self.alone(write._replace(operation="delete", moved_to=None), stream, subscription)
        request = request_of(write, stream, template, into=subscription.into, version_header=connect.version_header)
        answer = self._ask(request)
        if isinstance(answer, Troubled):
            return answer
        if write.operation == "rename" and answer.status == 404:
            return self._deleted(write, stream, subscription)
        return self._judged(answer, write, subscription)

    def together(self, writes: Sequence[Write], stream: Stream, subscription: Subscription) -> list[Verdict]:
        """Several, in one request; one verdict each, save those after the first trouble."""
        if self._connect.batch is None:
            return [self.alone(writes[0], stream, subscription)]
        answer = self._ask(batch_of(writes, stream, self._connect.batch.send, into=subscription.into))
        if isinstance(answer, Troubled):
            return [answer]
        if 200 <= answer.status < 300:
            return self._results(answer, writes, subscription)
        whole = judged(answer, "upsert", columns=(), newer=())
        if len(writes) == 1 or isinstance(whole, Troubled):
            return [whole]
        # Too many at once, or one of them spoils it for the others.
        middle = len(writes) // 2
        first = self.together(writes[:middle], stream, subscription)
        if isinstance(first[-1], Troubled):
            return first
        return [*first, *self.together(writes[middle:], stream, subscription)]

    def reach(self) -> Answer | Troubled:
        """The answer to a question that changes nothing."""
        return self._ask(Request("OPTIONS", "", {}, None))

    def close(self) -> None:
        """Ends its connections."""
        self._client.close()

    def _deleted(self, write: Write, stream: Stream, subscription: Subscription) -> Verdict:
        """Nothing to rename, or no such template there: in both cases nothing may be left under the old key."""
        into, header = subscription.into, self._connect.version_header
        asked = request_of(
            write._replace(moved_to=None), stream, self._connect.delete, into=into, version_header=header
        )
        # Another request, so another key.
        asked.headers["Idempotency-Key"] = f"{idempotency_key(stream, write.offset)}/delete"
        answer = self._ask(asked)
        return answer if isinstance(answer, Troubled) else self._judged(answer, write, subscription)

    def _results(self, answer: Answer, writes: Sequence[Write], subscription: Subscription) -> list[Verdict]:
        results = answer.told.get("results")
        if not isinstance(results, list) or len(results) != len(writes):
            return [Troubled("the answer to a batch has not one result for each item; see what the target sends", 0)]
        verdicts: list[Verdict] = []
        for write, result in zip(writes, results, strict=True):
            told = result if isinstance(result, dict) else {}
            status = told.get("status")
            single = Answer(status if isinstance(status, int) else 500, told, answer.wait)
            verdicts.append(self._judged(single, write, subscription))
            if isinstance(verdicts[-1], Troubled):
                break
        return verdicts

    def _judged(self, answer: Answer, write: Write, subscription: Subscription) -> Verdict:
        columns = {subscription.key.column, *subscription.fields}
        return judged(answer, write.operation, columns=columns, newer=self._connect.holds_newer)

    def _ask(self, request: Request) -> Answer | Troubled:
        url = self._connect.url.rstrip("/") + request.path
        headers = {"Accept": "application/json", **request.headers}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._request(request, url, headers)
            for _ in range(_MOST_REDIRECTS):
                target = self._redirected(url, response)
                if target is None:
                    break
                url = target
                response = self._request(request, url, headers)
        except NotAllowed as error:
            return Troubled(str(error), 0)
        except OSError as error:
            return Troubled(f"{type(error).__name__}; see that {_origin(self._connect.url)} is known by that name", 0)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return Troubled(f"{type(error).__name__}; see that {_origin(self._connect.url)} can be reached", 0)
        return Answer(response.status_code, _object(response.content), retry_after(response.headers.get("Retry-After")))

    def _request(self, request: Request, url: str, headers: Mapping[str, str]) -> httpx2.Response:
        to = destination(url, self._connect.addresses)
        return self._client.request(
            request.method,
            to.url,
            content=request.body,
            headers={**headers, "Host": to.host},
            extensions={"sni_hostname": to.name},
        )

    def _redirected(self, url: str, response: httpx2.Response) -> str | None:
        to = response.headers.get("Location")
        if self._connect.redirects == "refuse" or response.status_code not in _REDIRECTS or not to:
            return None
        target = urljoin(url, to)
        # The credentials are for this one alone.
        return target if _origin(target) == _origin(self._connect.url) else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}" if parts.port else f"{parts.scheme}://{parts.hostname}"


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
