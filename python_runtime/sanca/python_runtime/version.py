"""The version, as a constant: reading package metadata at start costs more than the rest of the start."""

VERSION = "0.1.0"
