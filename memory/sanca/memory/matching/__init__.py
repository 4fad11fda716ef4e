"""Matching: which skill a message asks for, and with what parameters. Importing it reads no file."""
