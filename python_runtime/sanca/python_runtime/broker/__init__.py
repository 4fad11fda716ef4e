"""The broker: a process of its own between sandboxes and tools, with the one gate every call passes and the journal.

`client` is the engine's side, `records` the words both sides share, `journal_reader` reads what was written. The rest
runs in the broker's process only (`python -m sanca.python_runtime.broker`). Importing this package loads nothing.
"""
