"""The text of a config for editing: the positions of its keys and numbers, and new values written in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml
from yaml import Node

from tracer.config.records import spellings
from tracer.config.schema import FIELDS
from tracer.config.yamlfile import composed, events, parse, written

Span = tuple[int, int]
"""Where something begins and ends in a text, in characters."""


@dataclass(frozen=True, slots=True)
class Section:
    """A key of the config: where it and its value stand, the key as it is written, and whether an alias is in it."""

    span: Span
    key: str
    has_alias: bool


@dataclass(frozen=True)
class Text:
    """A text that can be read as a config."""

    text: str

    @cached_property
    def sections(self) -> dict[str, Section]:
        """The keys of the config, by their main spelling; comments after them do not belong to them."""
        main, found = spellings(FIELDS), {}
        depth, has_alias, end = 0, False, 0
        key: Any = None
        for event in events(self.text):
            if isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if isinstance(event, (yaml.NodeEvent, yaml.CollectionEndEvent)):
                if depth == 1 and key is None:
                    if isinstance(event, yaml.ScalarEvent):
                        key, has_alias = event, False
                        end = key.end_mark.index
                    continue
                has_alias |= isinstance(event, yaml.AliasEvent)
                end = max(end, self._end(event))
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif depth == 1 and key is not None and isinstance(event, (yaml.NodeEvent, yaml.CollectionEndEvent)):
                name = self.text[key.start_mark.index : key.end_mark.index]
                found[main.get(key.value, key.value)] = Section((key.start_mark.index, end), name, has_alias)
                key = None
        return found

    def _end(self, event: yaml.Event) -> int:
        """Where what an event says ends; 0 for the end of a block, which is where the next one begins."""
        mark: Any = event.end_mark
        if isinstance(event, yaml.CollectionEndEvent):
            return mark.index if self.text[mark.index - 1 : mark.index] in ("]", "}") and self._is_wide(event) else 0
        if isinstance(event, yaml.CollectionStartEvent):
            return 0
        return len(self.text[: mark.index].rstrip())

    @staticmethod
    def _is_wide(event: yaml.Event) -> bool:
        start, end = event.start_mark, event.end_mark
        return start is not None and end is not None and end.index > start.index

    @cached_property
    def value(self) -> dict[str, Any]:
        """The values of the keys, by their main spelling."""
        main = spellings(FIELDS)
        return {main.get(key, key): value for key, value in parse(self.text, "config").value.items()}

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The value of every key, by its main spelling."""
        root, main = composed(self.text), spellings(FIELDS)
        assert isinstance(root, yaml.MappingNode)
        return {main.get(key.value, key.value): value for key, value in root.value}

    @cached_property
    def _visits(self) -> Counter[int]:
        return Counter(id(node) for value in self.nodes.values() for node in _below(value))

    def number(self, node: Node) -> tuple[float, Span] | None:
        """A literal number and its place; None where another part of the text shares it."""
        start, end = node.start_mark.index, node.end_mark.index
        if not isinstance(node, yaml.ScalarNode) or self.text[start:end] != node.value or self._visits[id(node)] != 1:
            return None
        try:
            return float(node.value), (start, end)
        except ValueError:
            return None

    def with_values(self, values: Mapping[str, Any]) -> Text:
        """The text with other values of these keys, and with the values that aliases stand for in their places."""
        wanted = {key: self.value[key] for key, section in self.sections.items() if section.has_alias} | dict(values)
        if not wanted:
            return self
        text, after = self.text, self.sections
        for key, section in sorted(after.items(), key=lambda item: item[1].span, reverse=True):
            if key in wanted:
                start, end = section.span
                text = f"{text[:start]}{section.key}: {one_line(wanted[key])}{text[end:]}"
        found = Text(text)
        for key, value in wanted.items():
            if key not in after:
                found = found._with(key, one_line(value))
        return found

    def _with(self, key: str, value: str) -> Text:
        """The text with a further key, after the last one."""
        last = max(self.sections.values(), key=lambda section: section.span)
        end = last.span[1]
        root = composed(self.text)
        assert isinstance(root, yaml.MappingNode)
        if root.flow_style:
            return Text(f"{self.text[:end]}, {key}: {value}{self.text[end:]}")
        line = min((at for mark in "\r\n" if (at := self.text.find(mark, end)) >= 0), default=len(self.text))
        return Text(f"{self.text[:line]}\n{' ' * root.start_mark.column}{key}: {value}{self.text[line:]}")


def _below(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _below(item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _below(key)
            yield from _below(value)


def one_line(value: Any) -> str:
    """A value in one line, as the reader of configs reads it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{one_line(str(key))}: {one_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(one_line, value)) + "]"
    if isinstance(value, float):
        return repr(float(value))
    return written([value])[1:-1]
