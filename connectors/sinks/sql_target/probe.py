"""What would stand in the way of writing to the target, each with the statement that mends it."""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import SinkUnavailable
from connectors.sinks.sql_target.position import TABLES, refuse_newer
from connectors.sinks.sql_target.structure import MISSING, MISSING_REMEDY, Table, read_table
from connectors.sqlalchemy_engine import said
from connectors.values import Finding
from schemas.manifest import OWN, Subscription


def findings(connection: sa.Connection, subscriptions: Iterable[Subscription]) -> list[Finding]:
    """The tables of our own, and each that is subscribed into; one without problem where all is well."""
    found = [_own(connection)]
    for subscription in subscriptions:
        problems = list(_table(connection, subscription))
        found += problems or [Finding(subscription.into, "", "")]
    return found


def _own(connection: sa.Connection) -> Finding:
    """Whether the tables of our own are there, or can be made: tried, and rolled back."""
    subject = ", ".join(table.name for table in TABLES.sorted_tables)
    try:
        with connection.begin() as trial:
            refuse_newer(connection)
            TABLES.create_all(connection)
            trial.rollback()
    except SinkUnavailable as error:
        return Finding(subject, str(error), "install the newer version here, too")
    except SQLAlchemyError as error:
        role = connection.engine.url.username or "the role in `connect: url`"
        schema = f"CREATE SCHEMA {role} AUTHORIZATION {role};"
        remedy = schema if connection.dialect.name == "postgresql" else "let this role create tables, or make them"
        return Finding(subject, f"they are not there and cannot be made: {said(error)}", remedy)
    return Finding(subject, "", "")


def _table(connection: sa.Connection, subscription: Subscription) -> Iterator[Finding]:
    name, key = subscription.into, subscription.key.column
    with connection.begin():
        table = read_table(connection, name)
    if table is None:
        yield Finding(name, MISSING, MISSING_REMEDY)
        return
    problems = table.problems(subscription)
    yield from (Finding(name, problem, remedy) for problem, remedy in problems)
    for column in sorted(table.columns.keys() - {key, *subscription.fields}):
        if table.columns[column].required and subscription.key.kind != OWN:
            remedy = "map it under `fields`, or give it a default"
            yield Finding(f"{name}.{column}", "new rows need a value here and none is mapped", remedy)
    if not problems:
        yield from _rights(connection, table, subscription)


def _rights(connection: sa.Connection, table: Table, subscription: Subscription) -> Iterator[Finding]:
    """Asked by statements that touch no row."""
    nothing, key = sa.false(), subscription.key.column
    is_own = subscription.key.kind == OWN
    columns = {name: table.column(name) for name in (*subscription.fields, key)}
    changed = {name: column for name, column in columns.items() if not (is_own and name == key)}
    tried: dict[str, sa.Executable] = {
        "SELECT": sa.select(*columns.values()).where(nothing),
        "UPDATE": sa.update(table.clause).where(nothing).values(changed),
    }
    if not is_own:
        tried["DELETE"] = sa.delete(table.clause).where(nothing)
        every = sa.select(*columns.values()).where(nothing)
        tried["INSERT"] = sa.insert(table.clause).from_select(list(columns), every)
    for right, statement in tried.items():
        try:
            with connection.begin() as trial:
                connection.execute(statement)
                trial.rollback()
        except SQLAlchemyError as error:
            role = connection.engine.url.username or "the role in `connect: url`"
            yield Finding(table.name, f"{right}: {said(error)}", f"GRANT {right} ON {table.name} TO {role};")
