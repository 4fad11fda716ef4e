"""`python -m sanca.python_runtime.broker <socket number>`: the broker's process."""

from sanca.python_runtime.broker.process import main

main()
