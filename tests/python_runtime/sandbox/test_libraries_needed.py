"""Which actions are given a session that has the heavy libraries loaded."""

from __future__ import annotations

import pytest
from sanca.python_runtime.sandbox.libraries_needed import needs_libraries


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np",
        "from pandas import DataFrame",
        "import json, matplotlib.pyplot as plt",
        "def draw():\n    import numpy\n",
        "try:\n    from numpy.linalg import inv\nexcept ImportError: pass",
    ],
)
def test_action_that_imports_one_needs_them(code: str) -> None:
    assert needs_libraries(code)


@pytest.mark.parametrize(
    "code",
    [
        "import json",
        "print('import numpy')",
        "# numpy",
        "numpy_like = 1",
        "import numpylike",
        "import numpy as",
        "\0numpy",
    ],
)
def test_others_do_not(code: str) -> None:
    assert not needs_libraries(code)
