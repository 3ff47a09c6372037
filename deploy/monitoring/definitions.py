"""Every metric there is, read from the modules that define them: the files `*metrics.py` of the packages."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client.metrics import MetricWrapperBase

_PROJECT: Final = Path(__file__).resolve().parents[2]
_PACKAGES: Final = ("schemas", "connectors", "streams", "console")
#: By the end of a name, the first that fits.
_UNITS: Final = (
    (r"_timestamp_seconds$", "seconds since 1970"),
    (r"_seconds$", "seconds"),
    (r"_bytes$", "bytes"),
    (r"_info$", "always 1"),
    (r"_up$", "1 or 0"),
    (r"_(\w+?_)?total$", "number since the start"),
)


class Definition(NamedTuple):
    """One metric, its name as Prometheus sees it."""

    name: str
    kind: str
    unit: str
    labels: tuple[str, ...]
    meaning: str


def definitions() -> dict[str, list[Definition]]:
    """By the module that defines them."""
    return {module: list(_defined_in(module)) for module in _modules()}


def series() -> set[str]:
    """Every name that a query may use: a histogram has three."""
    found: set[str] = set()
    for each in (each for listed in definitions().values() for each in listed):
        ends = ("_bucket", "_sum", "_count") if each.kind == "histogram" else ("",)
        found.update(each.name + end for end in ends)
    return found


def _modules() -> list[str]:
    paths = [path for package in _PACKAGES for path in sorted((_PROJECT / package).rglob("*metrics.py"))]
    return [".".join(path.relative_to(_PROJECT).with_suffix("").parts) for path in paths]


def _defined_in(module: str) -> Iterator[Definition]:
    for value in vars(import_module(module)).values():
        # One that is imported from another module is listed there.
        if isinstance(value, MetricWrapperBase) and not _is_imported(value, module):
            yield _definition(value)


def _is_imported(metric: MetricWrapperBase, module: str) -> bool:
    shared = import_module("schemas.metrics")
    return module != shared.__name__ and any(metric is other for other in vars(shared).values())


def _definition(metric: MetricWrapperBase) -> Definition:
    [family] = metric.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    unit = next((unit for pattern, unit in _UNITS if re.search(pattern, name)), "number")
    return Definition(name, family.type, unit, tuple(metric._labelnames), family.documentation)
