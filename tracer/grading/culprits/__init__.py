"""The cells behind wrong updates, and the likely slips."""
