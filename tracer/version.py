"""The version. This file imports nothing, so that the build and every folder can read it."""

VERSION = "0.1.0"
