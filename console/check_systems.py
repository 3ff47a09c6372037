"""Asks one system what is wrong with it, and shows three of its records beside their canonical form."""

from collections.abc import Callable

from rich.text import Text

from connectors.contract import Source
from connectors.errors import ConnectorsError
from connectors.values import Finding
from console.errors import ConsoleError
from console.kinds import open_sink, open_source
from console.sample_view import sample_view
from console.screen import screen
from schemas.errors import SchemasError
from schemas.manifest import Manifest
from schemas.settings import Settings

_RECORDS = 3


def check_system(manifest: Manifest, settings: Settings, *, show_values: bool) -> int:
    """Prints what was found in each role of the system; returns the number of problems."""
    problems = 0
    if manifest.publishes:
        screen.print(Text(f"\n{manifest.system} (source, {manifest.kind})", style="bold"))
        problems += _guarded(manifest, lambda: _check_source(manifest, settings, show_values=show_values))
    if manifest.subscribes:
        screen.print(Text(f"\n{manifest.system} (sink, {manifest.kind})", style="bold"))
        problems += _guarded(manifest, lambda: _check_sink(manifest, settings))
    return problems


def _guarded(manifest: Manifest, ask: Callable[[], int]) -> int:
    """A system that cannot be asked is a finding like others."""
    try:
        return ask()
    except (ConnectorsError, SchemasError, ConsoleError) as error:
        problem = str(error)
    except Exception as error:  # a driver's own error: any of them means that the system could not be asked
        problem = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    _tell(Finding(manifest.system, problem, ""))
    return 1


def _check_source(manifest: Manifest, settings: Settings, *, show_values: bool) -> int:
    source = open_source(manifest, settings)
    try:
        problems = _tell_all(source.probe())
        if not problems:
            _show_records(source, manifest, show_values=show_values)
        return problems
    finally:
        source.close()


def _check_sink(manifest: Manifest, settings: Settings) -> int:
    sink = open_sink(manifest, settings)
    try:
        return _tell_all(sink.probe())
    finally:
        sink.close()


def _show_records(source: Source, manifest: Manifest, *, show_values: bool) -> None:
    for entity, publications in manifest.publishes.items():
        rows = source.sample(entity, _RECORDS)
        if rows:
            screen.print(
                sample_view(rows, publications, entity=entity, system=manifest.system, show_values=show_values)
            )
        else:
            screen.print(f"  no records of {entity} yet")


def _tell_all(findings: list[Finding]) -> int:
    for finding in findings:
        _tell(finding)
    return sum(1 for finding in findings if finding.problem)


def _tell(finding: Finding) -> None:
    if not finding.problem:
        screen.print(Text.assemble(("  ✔ ", "green"), finding.subject))
        return
    screen.print(Text.assemble(("  ✖ ", "red"), f"{finding.subject}: {finding.problem}"), soft_wrap=True)
    for line in finding.remedy.splitlines():
        screen.print(Text(f"      → {line}", style="green"), soft_wrap=True)
