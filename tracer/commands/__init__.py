"""The commands, one file each: options, the screen and exit codes around one call of the API."""

PROGRAM = "backprop-trace"
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""The settings of every command."""
