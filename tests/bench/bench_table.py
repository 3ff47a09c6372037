"""The results of the bench as one table."""

import statistics
from collections.abc import Sequence
from typing import Any, Final

#: One measure of one round of one carrier: `carrier`, `round`, `measure`, and its figures.
Result = dict[str, Any]

_COLUMNS: Final = {
    "snapshot": ("rate", "cpu_s_per_100k", "first_row_s"),
    "burst": ("rate", "tail_s", "cpu_s_per_100k"),
    "drain": ("rate", "cpu_s_per_100k"),
    "pace": ("p50_ms", "p99_ms"),
}
_SERVERS: Final = ("kafka", "registry", "postgres")


def table(results: Sequence[Result]) -> str:
    """Markdown: medians over all rounds, one column a carrier."""
    carriers = list(dict.fromkeys(result["carrier"] for result in results))
    lines = [f"| | {' | '.join(carriers)} |", f"|---|{'---|' * len(carriers)}"]
    for measure, columns in _COLUMNS.items():
        for column in columns:
            cells = [_median(results, carrier, measure, column) for carrier in carriers]
            lines.append(f"| {measure} {column} | {' | '.join(cells)} |")
    for what, of in _OVERALL.items():
        lines.append(f"| {what} | {' | '.join(str(of(results, carrier)) for carrier in carriers)} |")
    return "\n".join(lines)


def _median(results: Sequence[Result], carrier: str, measure: str, column: str) -> str:
    found = [r[column] for r in results if (r["carrier"], r["measure"]) == (carrier, measure)]
    return f"{statistics.median(found):,g}" if found else ""


def _own_memory(results: Sequence[Result], carrier: str) -> int:
    peaks: list[dict[str, int]] = [r["peak_mb"] for r in results if r["carrier"] == carrier]
    return max(sum(size for name, size in peak.items() if name not in _SERVERS) for peak in peaks)


def _others(results: Sequence[Result], carrier: str) -> float:
    return max(float(r["others_pct"]) for r in results if r["carrier"] == carrier)


_OVERALL: Final = {
    "memory of its own processes, MB": _own_memory,
    "share of the machine that others took, %": _others,
}
