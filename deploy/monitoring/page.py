"""docs/metrics.md, from the definitions."""

from deploy.monitoring.definitions import Definition, definitions

_HEAD = """\
# Metrics

Made from the definitions by `make monitoring`; a test refuses a page that is out of date.

Every process serves them at `http://127.0.0.1:$LIENTHONG_METRICS_PORT/metrics`, beside what the Python client says of
each process (`process_resident_memory_bytes`, `process_open_fds`, …), and answers `/readyz` and `/livez` there. Labels
name systems, entities, fields, topics and reasons, never a record, and never a value of one. Label `system` is a
manifest's id; `source` the system in which a change began; `role` is `source` or `sink`; `group` is the engine of one
entity, `lienthong.<entity>`.

Counters begin at 0 with each start of a process. Exact figures, which outlive processes, are in the topic `outcomes`.
"""
_TITLES = {
    "schemas.metrics": "Every process",
    "connectors.metrics": "Connectors: sources and sinks",
    "console.drift_metrics": "Reconciliation",
    "console.store_metrics": "The store of outcomes and dead letters",
    "streams.metrics": "Workers: what becomes of changes",
    "streams.engine.metrics": "Workers: the engine",
}


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_part(module, listed) for module, listed in definitions().items())])


def _part(module: str, listed: list[Definition]) -> str:
    file = module.replace(".", "/") + ".py"
    lines = [f"## {_TITLES.get(module, module)}", "", f"Defined in [{file}](../{file}).", ""]
    lines += ["| name | kind | unit | labels | meaning |", "|---|---|---|---|---|"]
    for each in listed:
        labels = ", ".join(f"`{label}`" for label in each.labels)
        lines.append(f"| `{each.name}` | {each.kind} | {each.unit} | {labels} | {each.meaning} |")
    return "\n".join([*lines, ""])
