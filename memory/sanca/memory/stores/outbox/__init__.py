"""The outbox: a remote store that goes on while it is not reached. Importing it opens nothing."""
