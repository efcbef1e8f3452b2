"""One HTML file that holds a script, a style and data, and that no browser lets request anything."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from html import escape
from typing import Any

FORM = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="backprop-trace">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="page"><noscript>This page computes what it shows: it needs JavaScript.</noscript></div>
<script type="text/plain" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""
POLICY = "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"
"""Nothing may be requested; only this script and this style are used."""


def html_file(title: str, style: str, script: str, data: Any) -> str:
    """The file. script: a classic script, run in a scope of its own; it finds the data in the element `data`, and an
    element `page` to fill. Neither script nor style may hold a closing tag; text from a user belongs into the data,
    which may hold anything: they are JSON, deflated, in base 64."""
    scoped = f'\n"use strict";\n(() => {{\n{script}\n}})();\n'
    styled = f"\n{style}\n"
    assert "</" not in styled
    assert "</script" not in scoped.lower()
    assert "<!--" not in scoped
    written = json.dumps(data, allow_nan=False, separators=(",", ":")).encode()
    deflated = zlib.compress(written, level=9, wbits=-zlib.MAX_WBITS)
    return FORM.format(
        policy=POLICY.format(script=_hashed(scoped), style=_hashed(styled)),
        title=escape(title), style=styled, data=base64.b64encode(deflated).decode(), script=scoped,
    )  # fmt: skip


def encoded(text: str) -> bytes:
    """The bytes of a file; what no encoding can write becomes a question mark."""
    return text.encode("utf-8", "replace")


def _hashed(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
