"""`connect:` of a system whose kind is `rest`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, IPvAnyNetwork

from connectors.sinks.rest_target.protocol import Template


def _template(value: Any) -> Any:
    return Template.read(value) if isinstance(value, str) else value


TemplateText = Annotated[Template, BeforeValidator(_template)]


class Batch(BaseModel):
    """How several deliveries are sent in one request."""

    model_config = ConfigDict(extra="forbid")

    send: TemplateText
    #: Deliveries in one request.
    most: int = Field(default=100, ge=1, le=2000)


class Connect(BaseModel):
    """Secrets stand in `headers`, as references: `Authorization: Bearer ${file:suc_khoe_token}`."""

    model_config = ConfigDict(extra="ignore")  # a source of the same system may have settings of its own

    kind: Literal["rest"]
    #: Base address; the templates' paths follow it.
    url: str = Field(pattern=r"^https?://[^/?#\s]+[^?#\s]*$")
    headers: dict[str, str] = {}
    upsert: TemplateText = Template("PUT", "/{into}/{key}")
    delete: TemplateText = Template("DELETE", "/{into}/{key}")
    #: null: the target knows no renames; the old key is deleted, and the new one's state follows anyway.
    rename: TemplateText | None = Template("POST", "/{into}/{key}/rename")
    #: Without it deliveries are sent one by one.
    batch: Batch | None = None
    version_header: str = Field(default="X-Version", pattern=r"^[A-Za-z0-9-]+$")
    #: Statuses by which the target says that it holds this version or a newer one: then all is well.
    holds_newer: list[int] = [412]
    #: Seconds for connecting, and for each part of the answer.
    timeout: float = Field(default=10, gt=0, le=300)
    redirects: Literal["refuse", "same_origin"] = "refuse"
    #: Networks to which requests may go, e.g. `10.20.0.0/16`, whatever the name in `url` stands for.
    addresses: list[IPvAnyNetwork] = []
    #: File of the certificates to trust, where the system's own do not do.
    ca: str | None = None
    #: Consumer group under whose name the position is kept.
    group: str | None = None
