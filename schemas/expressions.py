"""The filter of a subscription: a safe subset of Python expressions over an entity's fields, compiled once.

Allowed: field names, text, lists of text, None; == != < <= > >= in, not in, is, is not; and, or, not. A comparison with
a field whose value is unknown is False, whatever the operator; `field is None` asks whether it is unknown.
"""

import ast
import operator
from collections.abc import Callable
from typing import Any, Final

from schemas import compose
from schemas.errors import SchemasError
from schemas.records import Entity

Filter = Callable[[Entity], bool]
Value = Callable[[Entity], Any]
Comparison = Callable[[Any, Any], Any]

_OPERATORS: Final[dict[type[ast.cmpop], Comparison]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_MAX_LENGTH = 4000


class ExpressionError(SchemasError):
    """An expression that does not compile: says what in it, and what is allowed."""


def compile_where(text: str, entity: str) -> Filter:
    """The filter that `text` spells, over fields of `entity`. Raises ExpressionError."""
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"reading a filter: {len(text)} characters; write at most {_MAX_LENGTH}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return _condition(tree.body, frozenset(compose.entity_fields(entity)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ExpressionError(f"reading the filter `{text}`: {reason}; write e.g. ward == '00123'") from None


def _condition(node: ast.expr, fields: frozenset[str]) -> Filter:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            parts = [_condition(value, fields) for value in values]
            return lambda entity: all(part(entity) for part in parts)
        case ast.BoolOp(values=values):
            parts = [_condition(value, fields) for value in values]
            return lambda entity: any(part(entity) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            part = _condition(operand, fields)
            return lambda entity: not part(entity)
        case ast.Compare():
            return _comparisons(node, fields)
        case ast.Constant(value=bool() as value):
            return lambda _: value
    raise ExpressionError(_refusal(node, "is not a comparison", "compare a field, e.g. ward == '00123'"))


def _comparisons(node: ast.Compare, fields: frozenset[str]) -> Filter:
    operands = [node.left, *node.comparators]
    links = [_link(operands[index], kind, operands[index + 1], fields=fields) for index, kind in enumerate(node.ops)]
    return links[0] if len(links) == 1 else lambda entity: all(link(entity) for link in links)


def _link(left: ast.expr, kind: ast.cmpop, right: ast.expr, *, fields: frozenset[str]) -> Filter:
    if isinstance(kind, ast.Is | ast.IsNot) or _is_none(left) or _is_none(right):
        return _unknownness(left, kind, right, fields=fields)
    collection = isinstance(kind, ast.In | ast.NotIn)
    value, within = _scalar(left, fields), (_many(right, fields) if collection else _scalar(right, fields))
    compare = _OPERATORS[type(kind)]

    def compared(entity: Entity) -> bool:
        first, second = value(entity), within(entity)
        return first is not None and second is not None and bool(compare(first, second))

    return compared


def _unknownness(left: ast.expr, kind: ast.cmpop, right: ast.expr, *, fields: frozenset[str]) -> Filter:
    asked = left if _is_none(right) else right
    if not (_is_none(left) or _is_none(right)) or not isinstance(asked, ast.Name):
        raise ExpressionError(_refusal(left, "`is` asks only for None", "write e.g. death_date is None"))
    value = _scalar(asked, fields)
    if isinstance(kind, ast.Is | ast.Eq):
        return lambda entity: value(entity) is None
    if isinstance(kind, ast.IsNot | ast.NotEq):
        return lambda entity: value(entity) is not None
    raise ExpressionError(_refusal(asked, "None has no order", "write e.g. death_date is None"))


def _scalar(node: ast.expr, fields: frozenset[str]) -> Value:
    match node:
        case ast.Name(id=name) if name in fields:
            return lambda entity: entity.get(name)
        case ast.Name(id=name):
            raise ExpressionError(
                f"in a filter: there is no field `{name}`; the fields are {', '.join(sorted(fields))}"
            )
        case ast.Constant(value=str() as value):
            return lambda _: value
        case ast.Constant():
            raise ExpressionError(_refusal(node, "fields hold text", f"write it in quotes: '{ast.unparse(node)}'"))
    raise ExpressionError(_refusal(node, "is not allowed", "use field names, text in quotes and None"))


def _many(node: ast.expr, fields: frozenset[str]) -> Value:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        if not all(isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.elts):
            raise ExpressionError(_refusal(node, "may list text only", "write e.g. ward in ('00123', '00124')"))
        known = frozenset(item.value for item in node.elts if isinstance(item, ast.Constant))
        return lambda _: known
    return _scalar(node, fields)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _refusal(node: ast.expr, problem: str, remedy: str) -> str:
    return f"in a filter: `{ast.unparse(node)}`: {problem}; {remedy}"
