"""YAML as plain values that remember their lines.

Every scalar is the text as written: 00123 keeps its zeros and `no` is a word; only an empty value, `null` and `~` are
None. `${file:x}` and `${env:X}` may stand unquoted anywhere, also in {flow: maps}.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_REFERENCE = re.compile(r"\$\{((?:file|env):[A-Za-z0-9_.\-]+)\}")
_MASKED = re.compile(r"\$⟨([^⟩]+)⟩")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Problem(NamedTuple):
    """One thing wrong with the manifests. `line` counts from 1."""

    file: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}; {self.remedy}"


class Fault(NamedTuple):
    """A Problem of which the file is not known yet."""

    line: int
    message: str
    remedy: str


@dataclass(slots=True)
class Lines:
    """The line where a value's key stands, and within the value those of its parts."""

    line: int
    parts: dict[str | int, "Lines"] = field(default_factory=dict)

    def of(self, path: Sequence[str | int]) -> int:
        """The line of what `path` leads to; steps that the file does not hold are passed over."""
        here = self
        for step in path:
            here = here.parts.get(step, here)
        return here.line


class Document(NamedTuple):
    """What a file holds, and where. `value` is None where the file cannot be read as YAML."""

    value: Any
    lines: Lines
    faults: list[Fault]


def parse(text: str) -> Document:
    """Never raises: what is wrong is in `faults`."""
    masked = _REFERENCE.sub(r"$⟨\1⟩", text)
    try:
        node = YAML(typ="safe", pure=True).compose(masked)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        return Document(None, Lines(1), [Fault(line, f"not YAML: {error.problem}", _syntax_remedy(text, line))])
    except (YAMLError, ValueError, RecursionError) as error:
        return Document(None, Lines(1), [Fault(1, f"not YAML: {error}", "save the file as UTF-8 text")])
    if node is None:
        return Document(None, Lines(1), [Fault(1, "the file is empty", "write a manifest, or delete the file")])
    reading = _Reading()
    value = reading.value(node, root := Lines(1))
    return Document(value, root, reading.faults)


def _syntax_remedy(text: str, line: int) -> str:
    written = text.splitlines()[line - 1 : line]
    if written and "${" in _REFERENCE.sub("", written[0]):
        return "write a secret as ${file:name} or ${env:NAME}"
    if written and "\t" in written[0]:
        return "indent with spaces, not with tabs"
    return "look at this line and the one before it: indentation, a missing quote, colon or bracket"


class _Reading:
    """Turns nodes into values; collects keys that stand twice."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._above: set[int] = set()

    def value(self, node: Node, lines: Lines) -> Any:
        if id(node) in self._above:
            self.faults.append(Fault(_line(node), "a value that contains itself", "write it out without the alias"))
            return None
        self._above.add(id(node))
        try:
            return self._value(node, lines)
        finally:
            self._above.discard(id(node))

    def _value(self, node: Node, lines: Lines) -> Any:
        if isinstance(node, ScalarNode):
            empty = node.style is None and node.value in _NULLS
            return None if empty else _unmasked(node.value)
        if isinstance(node, SequenceNode):
            return [
                self.value(item, lines.parts.setdefault(i, Lines(_line(item)))) for i, item in enumerate(node.value)
            ]
        return self._mapping(node, lines) if isinstance(node, MappingNode) else None

    def _mapping(self, node: MappingNode, lines: Lines) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.faults.append(Fault(_line(key_node), "a key that is not a word", "write `word: value`"))
                continue
            key = _unmasked(key_node.value)
            if key in found:
                self.faults.append(Fault(_line(key_node), f"`{key}` stands twice", "keep one of the two"))
                continue
            lines.parts[key] = Lines(_line(key_node))
            found[key] = self.value(value_node, lines.parts[key])
        return found


def _unmasked(text: str) -> str:
    return _MASKED.sub(r"${\1}", str(text))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
