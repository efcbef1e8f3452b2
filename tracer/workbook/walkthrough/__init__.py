"""The Walkthrough: one step, drawn and explained."""
