"""Figures of a benchmark as Markdown: a table, and a plot that Markdown's readers draw (Mermaid)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Axis(NamedTuple):
    """What is changed, and what is measured: with their units."""

    changed: str
    measured: str


def chart(axis: Axis, points: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Prints each row of the table when it is known, and then the plot. `points`: what was set, and what came out."""
    print(f"\n| {axis.changed} | {axis.measured} |\n|---|---|", flush=True)
    rows = []
    for name, value in points:
        rows.append((name, value))
        print(f"| {name} | {value:,.0f} |", flush=True)
    print("\n".join(_plot(axis, rows)), flush=True)
    return rows


def _plot(axis: Axis, rows: Sequence[tuple[str, float]]) -> list[str]:
    names = ", ".join(f'"{name}"' for name, _ in rows)
    values = ", ".join(f"{value:.0f}" for _, value in rows)
    highest = max(value for _, value in rows)
    return [
        "\n```mermaid",
        "xychart-beta",
        f'    x-axis "{axis.changed}" [{names}]',
        f'    y-axis "{axis.measured}" 0 --> {highest * 1.1:.0f}',
        f"    line [{values}]",
        "```",
    ]
