"""One interpreter for all: its weights take a second to load."""

from __future__ import annotations

import pytest
from sanca.memory import load_skill_library
from sanca.python_runtime.perception import Interpreter


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    return Interpreter(load_skill_library())
