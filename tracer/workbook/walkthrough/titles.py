"""What the two sheets of the Walkthrough are called."""

from __future__ import annotations

WALKTHROUGH, WORKINGS = "Walkthrough", "Workings"
