"""Numbers written by habit, such as decimal commas and thousands separators, and how to write them in a config."""

from __future__ import annotations

import math
import re

from tracer.errors import lookalikes

_GROUPS = re.compile(r"(?<=\d)[\s'’_](?=\d{3}(?!\d))")
_SHARE = re.compile(r"(.+?)\s*%")
_FRACTION = re.compile(r"([-+]?\d+)\s*/\s*(\d+)")
_SPACED, _TIGHT = re.compile(r",\s+"), re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+\.\d+")
_LEADING_ZERO = re.compile(r"(?<![\w.,])[-+]?\d+,0\d+(?![\w.])")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*")


def advice(text: str, whole: bool = False) -> str:
    """How to write a text that is meant as a number, or a whole one, to be put behind what is wrong with it; "" if it
    is not one."""
    written = [number for number in spellings(text) if not (whole and "." in number)]
    if written == [text.strip()]:
        return f"; write {written[0]} without quotes"
    marks = written and ("," in text or text.count(".") > 1 or _GROUPS.search(text))
    how = f"; write {' or '.join(written)}" + ": decimals take a point, thousands no mark" * bool(marks)
    return how * bool(written) + lookalikes(text)


def spellings(text: str) -> list[str]:
    """The numbers that a text may mean, as a config writes them; several where a comma may be a decimal or a thousands
    separator."""
    plain = _GROUPS.sub("", text.strip().replace("−", "-"))
    if share := _SHARE.fullmatch(plain):
        return [f"{float(number) / 100:.15g}" for number in spellings(share[1])]
    if (fraction := _FRACTION.fullmatch(plain)) and int(fraction[2]):
        return [repr(int(fraction[1]) / int(fraction[2]))]
    whole, mark, decimals = plain.rpartition(max(",.", key=plain.rfind))
    found = [plain.replace(",", ".")]
    if is_grouped(plain):
        found = [plain.replace(mark, "")] if mark in whole else [*found, f"{whole}{decimals}"] if mark == "," else found
    elif is_grouped(whole):  # by the other mark
        found = [f"{re.sub('[.,]', '', whole)}.{decimals}"]
    return [number for number in found if is_plain(number)]


def is_grouped(text: str) -> bool:
    """Whether a text may be a whole number with a mark before every three digits, as in 1.000."""
    return _THOUSANDS.fullmatch(text) is not None


def is_plain(text: str) -> bool:
    """Whether a text is a finite number as a config writes it."""
    try:
        return "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False


def decimal_comma(text: str) -> str:
    """The first of the numbers in a list, as it is written, that is meant with a decimal comma, or one between
    thousands, as in `1,250.5, 2`; "" without one.

    A digit that follows its comma at once is a decimal where it is a 0 before others, as in `0,05`, or where other
    commas of the line have a space, as in `0,5, 1,25`.
    """
    for line in text.splitlines():
        if certain := _LEADING_ZERO.search(line):
            return certain[0]
        values = [value.strip() for value in _SPACED.split(line.strip().strip(","))]
        grouped = [value for value in values if _GROUPED.fullmatch(value)]
        if grouped and len(values) > 1 and all(value in grouped or "," not in value for value in values):
            return grouped[0]
        commas = [value for value in values if _TIGHT.fullmatch(value)]
        if (
            commas
            and len(values) > 1
            and all(_TIGHT.fullmatch(value) or not set(",.") & set(value) for value in values)
        ):
            return commas[0]
    return ""


def two_numbers(comma: str) -> str:
    """The problem of what `decimal_comma` finds."""
    return f"'{comma}' would be two numbers{advice(comma)}; if they are two, write a space behind every comma"
