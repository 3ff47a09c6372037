"""`lienthong permissions`: what each of our processes must be allowed, as commands; nothing is changed."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from connectors import permissions as needed
from connectors import sql_grants
from connectors.permissions import Acl
from console.errors import ConsoleError
from console.manifests import load_folder, tell_problems
from schemas.manifest import Manifest

#: Who acts for no single system.
_SHARED: Final = {"workers": needed.of_workers, "store": needed.of_store, "console": needed.of_console}
_DEFAULT: Final = Path("deploy/hanoi/systems")


def permissions(  # noqa: PLR0913, PLR0917 - the switches of a command
    system: Annotated[str, typer.Argument(help="Id of a system; nothing with one of the switches.")] = "",
    folder: Annotated[Path, typer.Option(help="Folder of the manifests.")] = _DEFAULT,
    workers: Annotated[bool, typer.Option("--workers", help="Those of the workers instead.")] = False,  # noqa: FBT002
    store: Annotated[bool, typer.Option("--store", help="Those of the store instead.")] = False,  # noqa: FBT002
    console: Annotated[bool, typer.Option("--console", help="Those of who runs this command.")] = False,  # noqa: FBT002
    principal: Annotated[str, typer.Option(help="Whom Kafka knows the connector as.")] = "",
    role: Annotated[str, typer.Option(help="The connector's role in the system's database.")] = "",
) -> None:
    """Print the Kafka ACLs and the SQL grants that a system's connectors need: these, and no others.

    Example: lienthong permissions ho_tich --principal User:lienthong-ho_tich
    """
    asked = [name for name, wanted in (("workers", workers), ("store", store), ("console", console)) if wanted]
    if len(asked) + bool(system) != 1:
        raise ConsoleError("printing permissions: name one system, or one of --workers, --store and --console")
    if asked:
        _print(acl_commands(_SHARED[asked[0]](), principal or f"User:lienthong-{asked[0]}"))
        return
    manifest = _manifest(folder, system)
    _print(acl_commands(needed.of_connectors(manifest), principal or f"User:lienthong-{system}"))
    grants = sql_grants.of_system(manifest, role or f"lienthong_{system}")
    if grants:
        _print([f"-- in the database of {system}, as an owner of its tables or a superuser", *grants])


def acl_commands(acls: Iterable[Acl], principal: str) -> list[str]:
    """For Kafka's own program; KAFKA stands for its bootstrap servers."""
    if not re.fullmatch(r"User:\S+", principal):
        raise ConsoleError(f"printing ACLs for {principal!r}: a principal is written User:name")
    return [
        f"kafka-acls.sh --bootstrap-server $KAFKA --add --allow-principal '{principal}' "
        + "".join(f"--operation {operation} " for operation in acl.operations)
        + f"--{acl.resource} '{acl.name}'"
        + (" --resource-pattern-type prefixed" if acl.prefixed else "")
        for acl in acls
    ]


def _manifest(folder: Path, system: str) -> Manifest:
    loaded = load_folder(folder)
    if loaded.problems:
        tell_problems(loaded.problems)
        raise typer.Exit(1)
    known = {manifest.system: manifest for manifest in loaded.manifests}
    if system not in known:
        raise ConsoleError(
            f"looking for {system!r} among the manifests in {folder}: it is not there; there are {', '.join(known)}"
        )
    return known[system]


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)
