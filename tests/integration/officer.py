"""Somebody who types `lienthong` commands: run in this process, for a test runs many of them."""

from collections.abc import Mapping

from typer.testing import CliRunner

from connectors.errors import ConnectorsError
from console.cli import app
from console.errors import ConsoleError
from schemas.errors import SchemasError


def typed(environment: Mapping[str, str], *arguments: str, code: int = 0) -> str:
    """What the command says, on a terminal of 200 columns; it must end with this exit code."""
    result = CliRunner().invoke(app, arguments, env={**environment, "COLUMNS": "200"})
    error, found = result.exception, result.exit_code
    told = result.output
    if isinstance(error, ConsoleError | SchemasError | ConnectorsError):
        told, found = f"{told}\n{error}", 1
    elif error is not None and not isinstance(error, SystemExit):
        raise error
    assert found == code, told
    return told
