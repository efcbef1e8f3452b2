"""The commands, one file each: options, the screen and exit codes around one call of the API."""
