"""The heavy libraries in the sandbox: within the default limits, loaded ahead or not."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from sanca.python_runtime.sandbox import ActionResult, NamespaceSandbox, SandboxSession

pytestmark = pytest.mark.anyio

CHART = """
import io, warnings
warnings.simplefilter("error")
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
axes.bar(["一月", "二月"], [3, 5])
axes.set_title("销售额 −1")
buffer = io.BytesIO()
figure.savefig(buffer, format="png")
plt.close(figure)
buffer.getvalue()[1:4].decode(), len(buffer.getvalue()) > 5000
"""
TABLE = """
import numpy as np, pandas as pd
table = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=100_000, freq="min"), "sold": np.arange(100_000)})
float(np.linalg.norm(np.ones((400, 400)) @ np.ones((400, 400)))), int(table.groupby(table.day.dt.date).sold.sum().max())
"""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[NamespaceSandbox]:
    async with NamespaceSandbox() as made:
        yield made


@pytest.fixture(params=[True, False], ids=["loaded ahead", "light"])
async def session(sandbox: NamespaceSandbox, request: pytest.FixtureRequest) -> AsyncIterator[SandboxSession]:
    made = await sandbox.spawn(libraries=request.param)
    yield made
    await made.close()


async def run(session: SandboxSession, code: str, **more: Any) -> ActionResult:
    with anyio.fail_after(40):
        return await session.run(code, **{"limit_seconds": 30.0, "toolkits": (), **more})


async def value_of(session: SandboxSession, code: str) -> str | None:
    result = await run(session, code)
    assert result.status == "ok", result.error
    return result.value


async def test_numpy_and_pandas_work_within_the_limits(session: SandboxSession) -> None:
    assert await value_of(session, TABLE) == "(160000.0, 142040880)"


def has_chinese_font() -> bool:
    return bool(subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False).stdout)


@pytest.mark.skipif(not has_chinese_font(), reason="the machine has no Chinese font")
async def test_chart_with_chinese_labels_draws_without_a_warning(session: SandboxSession) -> None:
    assert await value_of(session, CHART) == "('PNG', True)"


async def test_other_libraries_work(session: SandboxSession) -> None:
    code = (
        "import pydantic, orjson, cloudpickle\nclass Point(pydantic.BaseModel):\n    x: int\n"
        "seven = cloudpickle.loads(cloudpickle.dumps(lambda: 7))\n"
        "orjson.loads(orjson.dumps({'x': 1})) == Point(x='1').model_dump(), seven()"
    )
    assert await value_of(session, code) == "(True, 7)"


async def test_pytest_runs_in_a_session(session: SandboxSession) -> None:
    code = (
        "import pathlib, pytest\n"
        "pathlib.Path('/tmp/test_sum.py').write_text('def test_sum():\\n    assert 1 + 1 == 2\\n')\n"
        "int(pytest.main(['-q', '-p', 'no:cacheprovider', '/tmp/test_sum.py']))"
    )
    result = await run(session, code)
    assert (result.status, result.value) == ("ok", "0"), result.error
    assert "1 passed" in result.stdout


async def test_sessions_draw_different_numbers(sandbox: NamespaceSandbox) -> None:
    drawn = set()
    for _ in range(2):
        session = await sandbox.spawn(libraries=True)
        drawn.add(await value_of(session, "import numpy, random\n(numpy.random.rand(), random.random())"))
        await session.close()
    assert len(drawn) == 2


async def test_threads_of_a_library_fit_into_the_limits(session: SandboxSession) -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\nimport numpy as np\n"
        "with ThreadPoolExecutor(12) as pool:\n"
        "    sums = list(pool.map(lambda n: int(np.full((100, 100), n).sum()), range(12)))\nsums[-1]"
    )
    assert await value_of(session, code) == "110000"
