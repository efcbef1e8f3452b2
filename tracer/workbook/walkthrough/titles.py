"""The titles of the Walkthrough and Workings sheets."""

from __future__ import annotations

WALKTHROUGH, WORKINGS = "Walkthrough", "Workings"
