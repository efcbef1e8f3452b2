"""The focus of the Walkthrough: why one chosen quantity has its gradient, and a parameter its next value."""
