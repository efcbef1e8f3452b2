"""Reading a YAML file into plain values, with the line and column of every one of them.

YAML 1.2 core schema: `1e-3` is a number, `no` and `y` are text. Safe against what a file may hold: no tags, bounded
size, depth and number of values (aliases counted as often as they expand), no duplicate keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import yaml

from tracer.config.habits import advice, decimal_comma, is_grouped, spellings, two_numbers
from tracer.errors import ConfigError, lookalikes

MAX_BYTES = 16_000_000
MAX_VALUES, MAX_DEPTH = 500_000, 50
TOO_MANY, ENDLESS = f"contains more than {MAX_VALUES:,} values", "an alias contains itself"

Place = tuple[str | int, ...]
"""The position of a value: the keys and list indices that lead to it."""


class Grouped(float):
    """A number that is written as 1.000, which some would read as one thousand."""


@dataclass(slots=True)
class Document:
    """The values of a file, with their positions. origin: what messages call it. text: what it holds. folder: of its
    paths. commas: lists in which a digit follows a comma at once, as in [0,5]. read: what files that it names hold."""

    origin: str
    value: Any = None
    keys: dict[Place, tuple[int, int]] = field(default_factory=dict)
    values: dict[Place, tuple[int, int]] = field(default_factory=dict)
    overridden: dict[Place, str] = field(default_factory=dict)
    problems: list[tuple[tuple[int, int], str]] = field(default_factory=list)
    text: str = ""
    folder: Path = Path()
    commas: set[Place] = field(default_factory=set)
    read: dict[Any, Any] = field(default_factory=dict)

    def where(self, key: str) -> str:
        """The prefix of messages about a key of the config: its position and its name, or the option that gives it."""
        return self.overridden.get((key,)) or f"{self._pointer((key,), False)[1]}{key}"

    def problem(self, place: Place, what: str, at: Place | None = None, key: bool = False) -> None:
        """Note a problem of the value at `place`; `at` is the place to point to, where that is another one; `key`
        points to the key in place of its value."""
        position, pointer = self._pointer(place if at is None else at, key)
        prefixes = (place[:length] for length in range(len(place), 0, -1))
        named = next((prefix for prefix in prefixes if prefix in self.overridden), ())  # by the option itself
        shown = place[len(named) :]
        self._note(position, "".join((pointer, ".".join(map(str, shown)), ": " if shown else "", what)))

    def problem_elsewhere(self, place: Place, message: str) -> None:
        """Note a problem of another file that the value at `place` names; the message says where it is."""
        self._note(self._pointer(place, False)[0], message)

    def _note(self, position: tuple[int, int], message: str) -> None:
        printable = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in message)
        self.problems.append((position, printable))

    def _pointer(self, at: Place, key: bool) -> tuple[tuple[int, int], str]:
        prefixes = [at[:length] for length in range(len(at), -1, -1)]
        for prefix in prefixes:
            if prefix in self.overridden:
                return (0, 0), f"{self.overridden[prefix]}: "
        inside = [option for place, option in self.overridden.items() if place[: len(at)] == at]
        if inside and at not in self.values:
            return (0, 0), f"{inside[0]}: "
        for prefix in prefixes:
            marks = (self.keys, self.values) if key and prefix == at else (self.values, self.keys)
            mark = marks[0].get(prefix) or marks[1].get(prefix)
            if mark:
                return mark, f"{self.origin}:{mark[0]}:{mark[1]}: "
        return (0, 0), f"{self.origin}: "

    def move(self, old: Place, new: Place) -> None:
        """Move the record of the values at `old` to another place."""
        for marks in (self.keys, self.values):
            for at in [at for at in marks if at[: len(old)] == old]:
                marks[new + at[len(old) :]] = marks[at]
        self.commas |= {new + at[len(old) :] for at in self.commas if at[: len(old)] == old}

    def copied(self) -> Document:
        """A document of its own, with the same values."""
        lists = {"value": _copied(self.value), "problems": list(self.problems), "overridden": dict(self.overridden)}
        return replace(self, **lists, keys=dict(self.keys), values=dict(self.values), commas=set(self.commas))

    def check(self) -> None:
        """Raise ConfigError with every problem noted so far, in the order of their lines, if there is one."""
        if self.problems:
            ordered = sorted(self.problems, key=lambda problem: problem[0])
            raise ConfigError(list(dict.fromkeys(text for _, text in ordered)))


def _copied(value: Any) -> Any:
    """The value, its mappings and lists copied."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def read(path: Path, file: BinaryIO | None = None) -> Document:
    """Read the file, or one that is open. Raises ConfigError when it cannot be read or is not a single YAML mapping."""
    document = parse(decoded(read_bytes(path, "a config", file=file), str(path), "YAML config"), str(path))
    document.folder = path.parent
    return document


def read_bytes(path: Path, kind: str, hint: str = "", file: BinaryIO | None = None) -> bytes:
    """The content of a file of this kind; `hint` says where it is looked for. Raises ConfigError."""
    try:
        with nullcontext(file) if file else path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        problem = f"there is no such file{hint}"
    except IsADirectoryError:
        problem = f"is a folder; give {kind} in it"
    except (OSError, ValueError) as error:
        problem = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    else:
        if len(data) <= MAX_BYTES:
            return data
        problem = f"is larger than {MAX_BYTES // 1_000_000} MB, too large for {kind}"
    raise ConfigError([f"{path}: {problem}"]) from None


def decoded(data: bytes, origin: str, kind: str) -> str:
    """The text of a file of this kind. Raises ConfigError."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        text = data.decode("latin-1")
        what = f"is not {error.encoding.upper()} text; is it a {kind}, saved as UTF-8?"
        latin = f" As Latin-1 it would be '{text[error.start]}' here" if text[error.start].isalpha() else ""
        raise ConfigError([f"{origin}:{_where(text, error.start)}: {what}{latin}"]) from None
    if "\0" in text:
        what = f"is a binary file; a {kind} is a text file, saved as UTF-8 (or as UTF-16 with a byte order mark)"
        raise ConfigError([f"{origin}:{_where(text, text.index(chr(0)))}: {what}"])
    return text


def _where(text: str, position: int) -> str:
    """Line and column of a position in a text."""
    return f"{text.count(chr(10), 0, position) + 1}:{position - text.rfind(chr(10), 0, position)}"


def parse(text: str, origin: str) -> Document:
    """The values of a YAML text; `origin` names it in messages. Raises ConfigError."""
    document = Document(origin, text=text)
    try:
        _check_size(text, origin)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ":1:1"
        context = f" {error.context}" if error.context else ""
        hint = _hint(text.splitlines(), mark.line) if mark else ""
        raise ConfigError([f"{origin}{where}: not valid YAML{context}: {error.problem}{hint}"]) from None
    except yaml.reader.ReaderError as error:
        character = error.character if isinstance(error.character, str) else chr(max(error.character, 0))
        what = f"not valid YAML: the character U+{ord(character):04X} is not allowed; remove it"
        where = _where(text, max(text.find(character), 0))
        raise ConfigError([f"{origin}:{where}: {what}"]) from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:  # an option can hold bytes that are not UTF-8
        raise ConfigError([f"{origin}:1:1: not valid YAML: {' '.join(str(error).split())}"]) from None
    if node is None:
        raise ConfigError([f"{origin}:1:1: is empty; a config has at least inputs, targets, layers and weights"])
    document.value = _Builder(document).build(node, ())
    if not isinstance(document.value, dict):
        hint = _hint(text.splitlines(), node.start_mark.line)
        document.problem((), f"is not a mapping; a config consists of lines like 'iterations: 100'{hint}")
        document.check()
    return document


_NO_SPACE = re.compile(r"[-\s]*(\w+):[^\s:/\\]")
_ESCAPE = re.compile(r'"[^"]*\\[^"]*"')


def _hint(lines: list[str], number: int) -> str:
    """What may be wrong with the line of this number, from 0, or the one before it, that is not YAML."""
    for line in lines[max(number - 1, 0) : number + 1][::-1]:
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return "; the line begins with a tab: indent with spaces"
        if _ESCAPE.search(line):
            return r"; in double quotes \ begins an escape: use single quotes, or / in a path"
        if hint := lookalikes(line):
            return hint
        if missing := _NO_SPACE.match(line):
            return f"; a space is missing after '{missing[1]}'"
    return ""


def composed(text: str) -> yaml.Node | None:
    """The root of a text that can be read."""
    return yaml.compose(text, Loader=_Loader)


def events(text: str) -> Iterator[yaml.Event]:
    """What a reader comes to in a text, in its order; an alias is one by itself."""
    yield from yaml.parse(text, Loader=_Loader)


def scalar(text: str) -> Any:
    """One value as YAML reads it: a number, text, a list or a mapping. Raises ConfigError."""
    document = parse(f"value: {text}", text)
    document.check()
    return document.value["value"]


def written(value: Any) -> str:
    """A value in one line, as `scalar` reads it."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9)
    return text.strip().removesuffix("...").strip()  # the end of a document that is one number


_BaseLoader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BaseLoader):  # type: ignore[misc]
    """YAML's safe loader with the scalars of YAML 1.2 (core schema) in place of those of 1.1."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


_TAG = "tag:yaml.org,2002:"
_BASES = {"0o": 8, "0x": 16}
_KINDS = ("map", "seq", "str", "bool", "int", "float", "null")
for _kind, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"^(?:{_pattern})$"), list(_first))


def _check_size(text: str, origin: str) -> None:
    depth = count = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        count += isinstance(event, yaml.ScalarEvent)
        mark: Any = event.start_mark
        if depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"values are nested more than {MAX_DEPTH} levels deep", problem_mark=mark
            )
        if count > MAX_VALUES:
            raise ConfigError([f"{origin}:{mark.line + 1}:{mark.column + 1}: {TOO_MANY}"])


@dataclass(slots=True)
class _Builder:
    """Turns the nodes of a file into values; it counts them, so that aliases cannot expand without end."""

    document: Document
    count: int = 0

    def build(self, node: yaml.Node, place: Place) -> Any:
        self.count += 1
        if self.count > MAX_VALUES or len(place) > MAX_DEPTH:
            line, column = _position(node)
            what = TOO_MANY if self.count > MAX_VALUES else ENDLESS
            raise ConfigError([f"{self.document.origin}:{line}:{column}: {what}"])
        self.document.values[place] = _position(node)
        if node.tag.removeprefix(_TAG) not in _KINDS:
            self.document.problem(place, f"the tag {node.tag} is not allowed; a config contains plain values only")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return self._list(node, place)
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node, place)

    def _list(self, node: yaml.SequenceNode, place: Place) -> list[Any]:
        """The values of a list; numbers with a decimal comma are reported, and read as they are meant."""
        tags = {item.tag for item in node.value}
        numbers = node.flow_style and tags <= {f"{_TAG}int", f"{_TAG}float"}
        written = self.document.text[node.start_mark.index + 1 : node.end_mark.index - 1] if numbers else ""
        if "#" not in written and re.search(r"\d,\d", written):
            if tags == {f"{_TAG}int"}:
                self.document.commas.add(place)
            if comma := decimal_comma(written):
                self.document.problem(place, two_numbers(comma))
                values = re.split(r",\s+", written.strip(" ,\n"))
                return [float(number) for value in values for number in spellings(value)[:1]]
        return [self.build(item, (*place, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.document.values[(*place, "?")] = _position(key_node)
                self.document.problem((*place, "?"), "a key must be a name")
                continue
            key = key_node.value
            if node.flow_style and value_node.value == "" and (key.isdigit() and mapping):
                before = next(reversed(mapping))
                comma = f"{mapping[before]},{key}"
                if hint := advice(comma):
                    mapping[before] = float(comma.replace(",", "."))
                    self.document.problem((*place, before), f"'{comma}' would be a number and a key{hint}")
                    continue
            if key in mapping:
                self.document.values[(*place, "?")] = _position(key_node)
                first = self.document.keys[(*place, key)][0]
                self.document.problem(place, f"'{key}' is duplicated (first in line {first}); keep one", (*place, "?"))
                continue
            self.document.keys[(*place, key)] = _position(key_node)
            mapping[key] = self.build(value_node, (*place, key))
        return mapping

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        text, kind = node.value, node.tag.removeprefix(_TAG)
        if node.style == "|":  # the lines of a block follow its mark
            line = node.start_mark.line + 1
            marks = {(*place, number): (line + number, 1) for number in range(1, text.count("\n") + 2)}
            self.document.values.update(marks)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        try:
            if kind == "int" and (len(text) < 300 or text[:2] in _BASES):
                return int(text, _BASES.get(text[:2], 10))
            if kind == "float" and is_grouped(text):
                return Grouped(text)
            if kind in ("int", "float"):
                return float(re.sub(r"\.(?=[in])", "", text.lower()))  # .inf and .nan are Python's inf and nan
        except ValueError:
            self.document.problem(place, f"{text[:40]!r} is tagged as a number, but is not one")
        return text


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
