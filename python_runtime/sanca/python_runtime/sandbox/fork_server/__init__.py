"""The trusted side of the sandbox, exec'd with an empty environment: builds the root, forks sessions, is their pid 1.

Not part of the engine: it imports the standard library, msgpack and the guest package, and sees no secret. The engine
never imports `prepare`, `serve`, `mounter` or `first_process`; it starts them (`sandbox/launcher.py`).
"""
