"""The files that are made from code, each with what should stand in it."""

from pathlib import Path
from typing import Final

from deploy.monitoring import boards
from deploy.monitoring.page import page

PROJECT: Final = Path(__file__).resolve().parents[2]


def made() -> dict[Path, str]:
    """By path."""
    drawn = {PROJECT / "deploy" / "grafana" / f"{board.name}.json": board.as_json() for board in boards.ALL}
    return {PROJECT / "docs" / "metrics.md": page(), **drawn}
