"""The few requests of the schema registry's REST API (Confluent's) that are made, over the standard library's HTTP.

Confluent's own client brings some hundred modules for logins that nobody here has, and every process would import them.
"""

import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final, cast
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPSHandler, Request, build_opener

#: Trouble on the way to the registry. `HTTPError`, which is one of them by its class, never leaves this module.
UNREACHABLE: Final = (OSError, HTTPException)
_TYPE: Final = "application/vnd.schemaregistry.v1+json"
#: Of an answer that is no JSON, so much is told.
_MOST_TOLD: Final = 200


class RegistryAnswer(Exception):  # noqa: N818 - an answer, though not the one that was hoped for
    """The registry answered with an error. `status`: of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{message} (HTTP status {status})")
        self.status = status
        self.message = message


class RegistryHttp:
    """Safe to share between threads. Every call raises RegistryAnswer, and one of UNREACHABLE."""

    def __init__(self, url: str, clients: Mapping[str, str], *, timeout: float) -> None:
        """`clients`: as `kafka_security.registry_clients` reads them. `timeout` in seconds. Raises OSError."""
        self._url = url.rstrip("/")
        self._timeout = timeout
        is_plain = url.startswith("http://") and not any(name.startswith("ssl.") for name in clients)
        # Reading all authorities of the machine is a twentieth of what a command takes.
        self._opener = build_opener(*([] if is_plain else [HTTPSHandler(context=_tls(clients))]))
        self._headers = {"Accept": _TYPE, "Content-Type": _TYPE}
        if login := clients.get("basic.auth.user.info"):
            self._headers["Authorization"] = "Basic " + b64encode(login.encode()).decode()

    def schema(self, schema_id: int) -> str:
        """The text of the schema of an id."""
        return str(self._call("GET", f"/schemas/ids/{schema_id}")["schema"])

    def latest(self, subject: str) -> str:
        """The text of the newest schema of a subject."""
        return str(self._call("GET", f"/subjects/{_part(subject)}/versions/latest")["schema"])

    def known(self, subject: str, schema: str) -> int:
        """The id of a schema that the subject has."""
        return int(self._call("POST", f"/subjects/{_part(subject)}", {"schema": schema})["id"])

    def register(self, subject: str, schema: str) -> int:
        """The id of the schema, which the subject has then."""
        return int(self._call("POST", f"/subjects/{_part(subject)}/versions", {"schema": schema})["id"])

    def compatibility(self, subject: str) -> str:
        """The level that the subject has of its own."""
        return str(self._call("GET", f"/config/{_part(subject)}")["compatibilityLevel"])

    def set_compatibility(self, subject: str, level: str) -> None:
        """The level to which the registry holds everybody from now on."""
        self._call("PUT", f"/config/{_part(subject)}", {"compatibility": level})

    def _call(self, method: str, path: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = Request(self._url + path, data, self._headers, method=method)  # noqa: S310 - the operator's own address
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return cast(dict[str, Any], json.loads(answer.read()))
        except HTTPError as error:
            raise RegistryAnswer(error.code, _told(error.read())) from None
        except ValueError:
            raise RegistryAnswer(200, "no JSON; is the address the Confluent API's?") from None


def _part(subject: str) -> str:
    return quote(subject, safe="")


def _told(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body[:_MOST_TOLD].decode(errors="replace")


def _tls(clients: Mapping[str, str]) -> ssl.SSLContext:
    authorities = clients.get("ssl.ca.location")
    if authorities is not None and Path(authorities).is_dir():
        context = ssl.create_default_context(capath=authorities)
    else:
        context = ssl.create_default_context(cafile=authorities)
    if certificate := clients.get("ssl.certificate.location"):
        context.load_cert_chain(certificate, clients.get("ssl.key.location"))
    return context
