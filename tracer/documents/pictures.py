"""Pictures within a document."""

from __future__ import annotations

import base64

from tracer.explain.document import Picture


def data_uri(picture: Picture) -> str:
    """The picture as an address that holds it; programs that show it run no scripts in it, and load nothing."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.svg.encode()).decode()}"
