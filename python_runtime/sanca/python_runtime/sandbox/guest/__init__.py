"""What runs beside the model's code in a sandbox: proxies for tools, the frames to the broker, the loop of rounds.

Not trusted and holding no secret: an action can change all of it, and so forge only its own round. Standard library and
msgpack only. `frames` is also used on the trusted side.
"""
