"""The model of one system's manifest: how it is reached, what it publishes, what it subscribes to.

The YAML form and the JSON form in the catalogue are the same: `Manifest.model_validate` reads both, `dumped` writes it.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_serializer,
    model_validator,
)

from schemas.formats import newer

#: The word in `owns` for the right to say that an entity exists and, by deleting it, that it does not.
EXISTENCE: Final = "existence"
#: The word in `owns` for the right to say that an entity exists as long as the owner of EXISTENCE never spoke of it.
BIRTH: Final = "birth"
#: The word in a `key` or in `also` for a column that holds a whole entity key instead of a bare identifier.
WHOLE_KEY: Final = "key"
#: The word in a subscription's `key` for the rows that the system publishes itself, found by their own row number.
OWN: Final = "own"

#: The `encoding` of text that needs no decoding.
UNICODE: Final = "unicode"

_CADENCE = re.compile(r"([1-9]\d*)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

SystemId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


#: Of manifests.
FORMAT: Final = 1


def _known_format(number: int) -> int:
    if refused := newer("the manifest", found=number, known=FORMAT):
        raise ValueError(refused)
    return number


class Part(BaseModel):
    """Every part of a manifest: immutable, and nothing in it that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


def _long_form(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


class Name(Part):
    """What people call the system."""

    vi: Text
    en: Text


class SourceKey(Part):
    """Written `{citizen_id: so_dinh_danh, old_id: so_cmnd, key: ma_lien_thong, else: id}`: where a row's key is found.

    The first column that holds a valid identifier of its kind makes the key; where none does, `else` does.
    """

    #: (kind of identifier, or WHOLE_KEY; column that holds it), best first; empty where the system's rows carry none.
    identifiers: tuple[tuple[Text, Text], ...] = ()
    #: Column that always names the row within its system, usually the primary key.
    otherwise: Text

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or "otherwise" in value:
            return value
        if value.get("else") is None:
            raise ValueError("no `else`: name the column that says which row it is where the identifier is missing")
        found = tuple((kind, column) for kind, column in value.items() if kind != "else")
        columns = [column for _, column in found if isinstance(column, str)]
        if len(set(columns)) < len(columns):
            raise ValueError("a column stands twice: a column holds identifiers of one kind; name each column once")
        return {"identifiers": found, "otherwise": value["else"]}

    @model_serializer
    def _written(self) -> dict[str, str]:
        return {**dict(self.identifiers), "else": self.otherwise}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the key is made of; the source must send all of them also for a deleted row."""
        return tuple(dict.fromkeys([*(column for _, column in self.identifiers), self.otherwise]))


class TargetKey(Part):
    """Written `{so_dinh_danh: citizen_id}`, `{ma_lien_thong: key}` or `{id: own}`: how the target finds its row."""

    column: Text
    #: Kind of identifier, stored bare; or WHOLE_KEY; or OWN.
    kind: Text

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or set(value) == {"column", "kind"}:
            return value
        if len(value) != 1:
            raise ValueError("one column must be the key: write {column: citizen_id} or {column: key}")
        [(column, kind)] = value.items()
        return {"column": column, "kind": kind}

    @model_serializer
    def _written(self) -> dict[str, str]:
        return {self.column: self.kind}


class FieldIn(Part):
    """Where a published field comes from. `codes` maps the system's code to the canonical value."""

    column: Text = Field(alias="from")
    format: Text | None = None
    codes: dict[str, str] | None = None
    #: How this column writes Vietnamese, where that differs from the rest of its table.
    encoding: Text | None = None


class FieldOut(Part):
    """What a subscribed column gets. `codes` maps the system's code to the canonical value, as in FieldIn."""

    field: Text = Field(alias="from")
    format: Text | None = None
    codes: dict[str, str] | None = None


class Publication(Part):
    """One table or endpoint that feeds one entity."""

    resource: Text = Field(alias="from")
    key: SourceKey
    #: By entity field.
    fields: dict[str, Annotated[FieldIn, BeforeValidator(_long_form)]] = Field(min_length=1)
    #: Fields that this system is the authority for; EXISTENCE among them where it decides that the entity exists, BIRTH
    #: where it may be the first to say so.
    owns: list[str] = []
    #: Column -> kind of identifier in it, or WHOLE_KEY: further identifiers that the row states to be the same entity.
    also: dict[str, Text] = {}
    #: How the table writes Vietnamese: tcvn3, vni, cp1258, or unicode. The text itself cannot tell.
    encoding: Text = UNICODE

    def encoding_of(self, field: str) -> str:
        """How the column of a published field writes Vietnamese."""
        return self.fields[field].encoding or self.encoding

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once: key columns first."""
        mapped = (field.column for field in self.fields.values())
        return tuple(dict.fromkeys([*self.key.columns, *self.also, *mapped]))


class Subscription(Part):
    """What one system receives of one entity, where it goes, and why it may have it."""

    into: Text
    key: TargetKey
    #: By target column.
    fields: dict[str, Annotated[FieldOut, BeforeValidator(_long_form)]] = Field(min_length=1)
    #: Expression over entity fields; see schemas/expressions.py. None: every record.
    where: Text | None = None
    purpose: Text
    legal_basis: Text | None = None
    #: What follows when the system is found not to hold what it was sent: a person looks, or it is sent again at once.
    on_drift: Literal["report", "repair"] = "report"
    #: Whether the table holds nothing but what is sent, so that any other row is drift. Else nobody asks whose it is.
    exclusive: bool = False


class Manifest(Part):
    """One system. `connect` holds `kind` and that kind's own settings, secrets as references."""

    #: Of the manifest itself.
    format: Annotated[int, Field(ge=1), AfterValidator(_known_format)] = 1
    system: SystemId
    name: Name | None = None
    #: Who answers for the system.
    steward: Text | None = None
    #: Declared freshness: a change should be captured within this time. A number and s, m, h or d.
    cadence: str = Field(default="1m", pattern=rf"^{_CADENCE.pattern}$")
    connect: dict[str, Any]
    publishes: dict[str, Annotated[list[Publication], BeforeValidator(_listed), Field(min_length=1)]] = {}
    subscribes: dict[str, Subscription] = {}

    @field_validator("connect")
    @classmethod
    def _has_kind(cls, connect: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(connect.get("kind"), str):
            raise ValueError("no `kind`: say how the system is reached, e.g. kind: postgres")
        return connect

    @model_validator(mode="after")
    def _shares_what_it_writes_itself(self) -> "Manifest":
        for entity, subscription in self.subscribes.items():
            if subscription.exclusive and (entity in self.publishes or subscription.key.kind == OWN):
                raise ValueError(f"`exclusive` of {entity}: the system writes rows of its own; leave it out")
        return self

    @property
    def kind(self) -> str:
        """How the system is reached: the name of a file in connectors/sources and connectors/sinks."""
        return str(self.connect["kind"])

    @property
    def cadence_seconds(self) -> int:
        """`cadence` as a number."""
        match = _CADENCE.fullmatch(self.cadence)
        assert match is not None  # noqa: S101 - validated
        return int(match[1]) * _SECONDS[match[2]]

    def title(self, language: str) -> str:
        """The name in `vi` or `en`; the id where the manifest gives none."""
        return str(getattr(self.name, language)) if self.name else self.system

    def resources(self) -> dict[str, list[tuple[str, Publication]]]:
        """Published tables or endpoints, each with the entities that it feeds and how."""
        found: dict[str, list[tuple[str, Publication]]] = {}
        for entity, publications in self.publishes.items():
            for publication in publications:
                found.setdefault(publication.resource, []).append((entity, publication))
        return found

    def owned(self, entity: str) -> frozenset[str]:
        """What this system is the authority for: fields of the entity, and the words that `owns` knows beside them."""
        return frozenset(word for publication in self.publishes.get(entity, ()) for word in publication.owns)

    def dumped(self) -> dict[str, Any]:
        """The manifest as plain values, as a YAML file would hold it."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
