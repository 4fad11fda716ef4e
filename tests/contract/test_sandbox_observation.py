"""What a result says of values, errors, warnings and charts; and that no value can break or hang the answer."""

from __future__ import annotations

import json
import struct
import textwrap
from collections.abc import AsyncIterator
from typing import Any

import anyio
import hostile_values
import pytest
from sanca.python_runtime.observation import format_observation
from sanca.python_runtime.sandbox import ActionResult, NamespaceSandbox, Sandbox, SandboxSession

pytestmark = pytest.mark.anyio

LOGS = """
logs = [
    {"time": f"2026-11-21T10:{i // 60:02}:{i % 60:02}Z", "level": "ERROR" if i % 50 == 7 else "INFO", "service": "shop",
     "message": f"request {i} took {i % 90} ms", "ms": float(i % 90)}
    for i in range(600)
]
"""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with NamespaceSandbox() as made:
        yield made


@pytest.fixture
async def session(sandbox: Sandbox) -> AsyncIterator[SandboxSession]:
    made = await sandbox.spawn(libraries=False)
    yield made
    await made.close()


async def run(session: SandboxSession, code: str, **more: Any) -> ActionResult:
    with anyio.fail_after(40):
        return await session.run(textwrap.dedent(code), **{"limit_seconds": 20.0, "toolkits": ("system",), **more})


async def value_of(session: SandboxSession, code: str) -> str:
    result = await run(session, code)
    assert result.status == "ok", result.error
    return result.value or ""


# Values


async def test_a_frame_is_given_as_a_table_too(session: SandboxSession) -> None:
    made = await run(
        session,
        """
        import pandas
        frame = pandas.DataFrame({"region": ["N", "S"], "sum": [1.5, None]}).set_index("region")
        frame
        """,
    )
    assert json.loads(made.value_table or "") == {
        "columns": ["region", "sum"], "rows": [["N", 1.5], ["S", None]], "total": 2,
    }  # fmt: skip
    series = await run(session, "pandas.Series(range(900), name='hits')")
    told = json.loads(series.value_table or "")
    assert (told["columns"], told["total"], len(told["rows"])) == (["hits"], 900, 200)
    assert (await run(session, "[{'a': 1}, {'a': 2}]")).value_table is None


@pytest.mark.parametrize("value", ["[1, 'a', None]", "{'a': {1, 2}}", "(1,)", "1.5", "b'ab'", "range(3)", "set()"])
async def test_short_value_is_its_repr(session: SandboxSession, value: str) -> None:
    result = await run(session, value)
    assert (result.value, result.value_name, result.value_is_text) == (repr(eval(value)), None, False)  # noqa: S307


async def test_rows_are_a_table_with_columns_statistics_head_and_tail(session: SandboxSession) -> None:
    result = await run(session, f"{LOGS}\nlogs")
    lines = (result.value or "").splitlines()
    assert lines[0] == "list of 600 dicts with 5 keys:"
    assert "  time: str, 2026-11-21T10:00:00Z … 2026-11-21T10:09:59Z" in lines
    assert "  level: str, INFO 588, ERROR 12" in lines
    assert "  service: str, always shop" in lines
    assert "  ms: float, min 0, mean 43, max 89" in lines
    assert "# | time | level | message | ms" in lines
    assert "0 | 2026-11-21T10:00:00Z | INFO | request 0 took 0 ms | 0" in lines
    assert "599 | 2026-11-21T10:09:59Z | INFO | request 599 took 59 ms | 59" in lines
    assert lines[-1] == "… 592 rows more: print(logs[5:55])"
    assert "request 5 took 5 ms" in (await run(session, "print(logs[5:55])")).stdout


async def test_few_rows_are_all_there(session: SandboxSession) -> None:
    value = await value_of(session, f"{LOGS}\n[dict(row, note='x' * i) for i, row in enumerate(logs[:12])]")
    assert len(value.splitlines()) == 14
    assert "more" not in value
    assert "11 | 2026-11-21T10:00:11Z | INFO | shop | request 11 took 11 ms | 11 | xxxxxxxxxxx" in value


async def test_nested_value_is_an_outline_and_its_parts_are_reached_as_it_says(session: SandboxSession) -> None:
    code = f"""{LOGS}
settings = {{"release": "v1.2.0", "rows": logs, "numbers": list(range(5000)),
             "deep": {{f"s{{i}}": {{"port": 8000 + i, "deps": ["a", "b"]}} for i in range(40)}}}}
settings"""
    value = await value_of(session, code)
    assert "release: 'v1.2.0'" in value
    assert "rows: list of 600 dicts (time: str, 2026-11-21T10:00:00Z …" in value
    assert "  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …, 4997, 4998, 4999]" in value
    assert "  s0: {'port': 8000, 'deps': ['a', 'b']}" in value
    assert "  s39: {'port': 8039, 'deps': ['a', 'b']}" in value
    assert value.splitlines()[-1] == "more of it: print(settings['release'])"
    assert len(value) < 2500


async def test_value_without_a_name_is_kept_for_the_next_action_and_no_longer(session: SandboxSession) -> None:
    result = await run(session, "[n * n for n in range(10_000)]")
    assert (result.value_name, "print(last_value[12:62])" in (result.value or "")) == ("last_value", True)
    assert await value_of(session, "last_value[12:14]") == "[144, 169]"
    await value_of(session, "1 + 1")
    assert await value_of(session, "import builtins\nhasattr(builtins, 'last_' + 'value')") == "False"


async def test_long_text_is_cut_in_the_middle_and_says_how_to_get_it(session: SandboxSession) -> None:
    result = await run(session, "text = '\\n'.join(f'line {n}' for n in range(20_000))\ntext")
    assert result.value_is_text
    assert (result.value or "").startswith("line 0\n")
    assert (result.value or "").endswith("line 19999")
    assert "print(text[49152:52152])" in (result.value or "")
    seen = format_observation(result, 2_000)
    assert len(seen) < 2_200
    assert "cut here: print(text[1333:4333])" in seen
    cut = await value_of(session, "text[1333:1343]")
    assert seen.split("\n… ")[0].endswith(await value_of(session, "text[1313:1333]"))
    assert cut in await value_of(session, "text[1333:4333]")


async def test_long_output_can_be_read_by_the_next_action(session: SandboxSession) -> None:
    result = await run(session, "for n in range(3000): print('row', n)")
    assert "cut here: print(last_output[1333:4333])" in format_observation(result, 2_000)
    printed = await value_of(session, "last_output")
    assert printed == "".join(f"row {n}\n" for n in range(3000))
    await value_of(session, "1 + 1")
    assert await value_of(session, "import builtins\nhasattr(builtins, 'last_' + 'output')") == "False"


async def test_objects_with_fields_are_readable(session: SandboxSession) -> None:
    code = """
        import collections, dataclasses
        @dataclasses.dataclass
        class Job:
            name: str
            tries: int = 3
        class Plain:
            def __init__(self): self.host, self.port = "a", 80
        Pair = collections.namedtuple("Pair", "left right")
        [Job("x"), Pair(1, 2)]"""
    assert await value_of(session, code) == "[Job(name='x', tries=3), Pair(left=1, right=2)]"
    assert await value_of(session, "Plain()") == "<Plain with host=a, port=80>"
    value = await value_of(session, "Job('long ' * 200, list(range(900)))")
    assert value.splitlines()[0] == "Job with 2 fields:"
    assert "tries: list of 900 int (min 0, mean 449.5, max 899)" in value


async def test_number_too_long_to_write_is_described(session: SandboxSession) -> None:
    assert "33,220 bits" in await value_of(session, "10 ** 10_000")


# Hostile values


@pytest.mark.parametrize("code", hostile_values.VALUES.values(), ids=hostile_values.VALUES)
async def test_hostile_value_is_described_and_the_session_goes_on(session: SandboxSession, code: str) -> None:
    result = await run(session, f"kept = 1\n{code}", limit_seconds=8.0)
    assert result.status == "ok", (result.status, result.error)
    assert result.value
    assert len(result.value) < 8_000
    assert result.seconds < 4
    assert await value_of(session, "kept") == "1"


@pytest.mark.parametrize(
    "code",
    [
        "class X:\n    def __repr__(self):\n        while True: pass\nX()",
        "class X:\n    def __repr__(self):\n        import time; time.sleep(600)\nX()",
        "class X(dict):\n    def __repr__(self): return 'x' * (1 << 40)\n    __len__ = 5\nX(a='y' * 900)",
        "class X:\n    def __repr__(self): raise KeyboardInterrupt\nX()",
    ],
)
async def test_repr_that_never_ends_is_ended_like_any_action(session: SandboxSession, code: str) -> None:
    result = await run(session, f"kept = 1\n{code}", limit_seconds=0.5)
    assert result.status in {"timeout", "error", "ok"}
    assert result.seconds < 3
    assert await value_of(session, "kept") == "1"


# Errors


async def test_line_of_an_error_is_marked_among_its_neighbours(session: SandboxSession) -> None:
    result = await run(session, "x = {'a': 1}\ny = 2\nz = y + x['b']\nw = 4\nv = 5")
    assert (result.error or "").splitlines() == [
        "Traceback (most recent call last):",
        '  File "action", line 3, in <module>',
        "    z = y + x['b']",
        "            ~^^^^^",
        "    1 | x = {'a': 1}",
        "    2 | y = 2",
        "  > 3 | z = y + x['b']",
        "    4 | w = 4",
        "KeyError: 'b'",
    ]


async def test_cause_of_an_error_is_told_without_frames_of_libraries(session: SandboxSession) -> None:
    code = (
        "import json\ntry:\n    json.loads('{')\nexcept ValueError as error:\n    raise RuntimeError('bad') from error"
    )
    result = await run(session, code)
    assert "decoder.py" not in (result.error or "")
    assert "The above exception was the direct cause" in (result.error or "")
    assert (result.error or "").splitlines()[-1] == "RuntimeError: bad"
    assert (result.error or "").count("  > ") == 1


@pytest.mark.parametrize("code", hostile_values.ERRORS.values(), ids=hostile_values.ERRORS)
async def test_hostile_error_is_named_and_the_session_goes_on(session: SandboxSession, code: str) -> None:
    result = await run(session, f"kept = 1\n{code}")
    assert result.status == "error"
    assert len(result.error or "") < 9_000
    assert result.seconds < 5
    assert await value_of(session, "kept") == "1"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("sklearn", "Use numpy"), ("requests", "toolkits (system)"), ("jsn", "Did you mean 'json'"),
        ("toml", "Use tomllib instead."), ("no_such_thing_at_all", "There are:"), ("sklearn.linear_model", "'sklearn'"),
    ],
)  # fmt: skip
async def test_missing_library_says_what_to_use_and_what_there_is(
    session: SandboxSession, name: str, told: str
) -> None:
    result = await run(session, f"import {name}")
    assert (result.error_type, result.missing_library) == ("ModuleNotFoundError", name.partition(".")[0])
    assert told in (result.hint or "")
    assert "Python's standard library" in (result.hint or "")
    assert (result.error or "").splitlines()[-1].startswith("ModuleNotFoundError")
    assert told in format_observation(result, 3_000)


async def test_missing_part_of_a_library_that_is_there_is_a_plain_error(session: SandboxSession) -> None:
    result = await run(session, "import json.nothing")
    assert (result.error_type, result.missing_library, result.hint) == ("ModuleNotFoundError", None, None)


# Warnings and streams


async def test_warnings_are_told_once_each_with_their_line_and_not_printed(session: SandboxSession) -> None:
    code = """
        import warnings
        def old(): warnings.warn("use new()", DeprecationWarning, stacklevel=2)
        for _ in range(5):
            old()
        print("done")
        1 is 1
        """
    result = await run(session, code)
    assert result.stdout == "done\n"
    result = ActionResult(**{**vars(result), "warnings": tuple(sorted(result.warnings))})
    assert result.warnings[0] == "line 5 (old()): DeprecationWarning: use new()"
    assert result.warnings[1].startswith("line 7 (1 is 1): SyntaxWarning: ")
    assert len(result.warnings) == 2
    again = await run(session, code)
    assert sorted(again.warnings) == sorted(result.warnings)
    assert "Warnings:\nline 5 (old()): " in format_observation(result, 2_000)


async def test_flood_of_warnings_is_counted(session: SandboxSession) -> None:
    result = await run(session, "import warnings\nfor n in range(500): warnings.warn(f'{n} ' + 'x' * 5000)")
    assert len(result.warnings) == 21
    assert result.warnings[-1] == "… and 480 warnings more"
    assert max(map(len, result.warnings)) < 600


async def test_warning_that_cannot_be_printed_breaks_nothing(session: SandboxSession) -> None:
    code = """
        import warnings
        class Odd(UserWarning):
            told = 0
            def __str__(self):
                self.told += 1
                return "once" if self.told == 1 else 1 / 0
        warnings.warn(Odd())
        7"""
    result = await run(session, code)
    assert (result.status, result.value) == ("ok", "7")
    assert "ZeroDivisionError" in result.warnings[0]


async def test_what_went_to_stderr_is_in_order_and_told_apart(session: SandboxSession) -> None:
    result = await run(session, "import sys\nprint('a', end='')\nprint('b', file=sys.stderr)\nprint('c')")
    assert (result.stdout, result.stderr) == ("ab\nc\n", "b\n")
    assert format_observation(result, 500).startswith("Output (1 characters of it stderr):\nab\nc")


# Libraries


@pytest.fixture
async def with_libraries(sandbox: Sandbox) -> AsyncIterator[SandboxSession]:
    made = await sandbox.spawn(libraries=True)
    yield made
    await made.close()


async def test_dataframe_tells_shape_dtypes_missing_values_statistics_and_ends(with_libraries: SandboxSession) -> None:
    code = f"""{LOGS}
import pandas as pd
df = pd.DataFrame(logs); df.loc[3, "ms"] = None; df["at"] = pd.to_datetime(df["time"])
df"""
    lines = (await value_of(with_libraries, code)).splitlines()
    assert lines[0] == "DataFrame 600 rows × 6 columns, index RangeIndex 0 … 599:"
    assert "  ms: float64, 1 missing, min 0, mean 43.0668, max 89" in lines
    assert "  level: str, INFO 588, ERROR 12" in lines
    assert any(line.startswith("  at: datetime64[") and "2026-11-21 10:09:59" in line for line in lines)
    assert "index | time | level | message | ms | at" in lines
    assert any(line.startswith("3 | 2026-11-21T10:00:03Z | INFO | request 3 took 3 ms | nan |") for line in lines)
    assert lines[-1] == "… 592 rows more: print(df.iloc[5:55])"
    series = await value_of(with_libraries, "df.ms")
    assert series.startswith("Series ms of 600, index RangeIndex 0 … 599: float64, 1 missing, min 0, mean 43.0668")
    assert series.endswith("… 592 rows more: print(df.ms.iloc[5:55])")
    small = await value_of(with_libraries, "df.groupby('level').ms.mean().reset_index()")
    assert "0 | ERROR | " in small and "more" not in small


async def test_array_tells_shape_dtype_and_statistics(with_libraries: SandboxSession) -> None:
    code = "import numpy as np\na = np.arange(6000.).reshape(300, 20); a[5, 5] = np.nan\na"
    value = await value_of(with_libraries, code)
    assert value.splitlines()[0] == "array 300 × 20, float64, min 0, mean 2999.98, max 5999, 1 NaN"
    assert value.splitlines()[-1] == "more of it: print(a[3:53])"
    assert len(value) < 900
    assert await value_of(with_libraries, "np.array([1, 2])") == "array 2, int64, min 1, mean 1.5, max 2\n[1, 2]"
    assert await value_of(with_libraries, "np.float64(1.5)") == "np.float64(1.5)"


async def test_numpy_and_pandas_are_not_imported_for_a_summary(session: SandboxSession) -> None:
    await value_of(session, f"{LOGS}\nlogs")
    assert await value_of(session, "import sys\nsorted({'numpy', 'pandas', 'matplotlib'} & set(sys.modules))") == "[]"


async def test_pydantic_model_is_readable(with_libraries: SandboxSession) -> None:
    code = (
        "import pydantic\nclass Job(pydantic.BaseModel):\n    name: str\n    rows: list[int]\nJob(name='a', rows=[1])"
    )
    assert await value_of(with_libraries, code) == "Job(name='a', rows=[1])"
    value = await value_of(with_libraries, "Job(name='a' * 300, rows=list(range(900)))")
    assert value.startswith("Job with 2 fields:\nname: 'aaa")
    assert "rows: list of 900 int (min 0, mean 449.5, max 899)" in value


# Charts

CHART = """
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(4, 3))
ax.plot([1, 2, 3], [4, 1, 9], label="p95"); ax.set_title("Latency"); ax.set_xlabel("minute"); ax.set_ylabel("ms")
"""


def png_size(data: bytes) -> tuple[int, int]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


async def test_figures_left_open_are_returned_once_and_described(with_libraries: SandboxSession) -> None:
    result = await run(with_libraries, f"{CHART}\nplt.show()\nplt.figure()\n_ = plt.bar(['a', 'b'], [1, 2])")
    assert (result.status, result.warnings) == ("ok", ())
    assert [png_size(image.data) for image in result.images] == [(400, 300), (640, 480)]
    assert result.images[0].title == "Latency"
    described = "'Latency', 400 × 300 pixels; x: minute, y: ms, lines 'p95' of 3 points (1 … 9)"
    assert result.images[0].description == described
    assert "2 bars" in result.images[1].description
    assert f"Charts, shown to the person:\n- {described}" in format_observation(result, 2_000)
    assert (await run(with_libraries, "1")).images == ()


@pytest.mark.parametrize("value", ["fig", "ax", "ax.plot([1], [2])", "plt.close('all') or fig"])
async def test_figure_that_is_the_value_is_returned_once(with_libraries: SandboxSession, value: str) -> None:
    result = await run(with_libraries, f"{CHART}\n{value}")
    assert len(result.images) == 1
    assert "Latency" in (result.value or "")
    assert len(result.value or "") < 200


async def test_many_and_large_charts_are_bounded(with_libraries: SandboxSession) -> None:
    result = await run(with_libraries, "import matplotlib.pyplot as plt\nfor _ in range(7): _ = plt.figure()")
    assert len(result.images) == 4
    assert result.warnings[-1] == "3 charts more were not drawn; 4 are shown of a round."
    noise = (
        "import numpy as np, matplotlib.pyplot as plt\n"
        "plt.figure(figsize=(60, 60)); plt.axis('off')\n"
        "plt.imshow(np.random.default_rng(1).random((900, 900, 3)), interpolation='nearest')\nNone"
    )
    result = await run(with_libraries, noise)
    assert result.status == "ok", result.error
    assert all(len(image.data) <= 512 << 10 and max(png_size(image.data)) <= 1600 for image in result.images)
    assert result.images or "larger than 512 KB" in result.warnings[-1]


async def test_chart_that_raises_when_drawn_is_said_and_the_value_stands(with_libraries: SandboxSession) -> None:
    code = (
        f"{CHART}\nclass Bad(type(ax.lines[0])):\n    def draw(self, renderer): raise OSError('no ink')\n"
        "ax.add_line(Bad([1], [1]))\n42"
    )
    result = await run(with_libraries, code)
    assert (result.status, result.value, result.images) == ("ok", "42", ())
    assert result.warnings[-1] == "A chart could not be drawn: OSError: no ink"


async def test_forged_pictures_do_not_pass(session: SandboxSession) -> None:
    code = """
        import msgpack, os, struct
        png = b"\\x89PNG\\r\\n\\x1a\\n" + struct.pack(">I4sII", 13, b"IHDR", {side}, 10) + bytes(30)
        end = bytes(4) + b"IEND\\xaeB`\\x82"
        pictures = [{{"media_type": kind, "data": data, "title": "t\\n\\x1b[2J", "description": 5}} for kind, data in [
            ("image/png", png + end), ("text/html", png + end), ("image/png", b"<script>"), ("image/png", "text")]]
        import sys
        frame = sys._getframe()
        while "action" not in frame.f_locals: frame = frame.f_back  # a guest can forge its own round, and only that
        answer = {{"key": frame.f_locals["action"]["key"], "value": "7", "value_json": None, "images": pictures,
                  "warnings": [5, "w" * 9000], "hint": [1], "missing_library": "__import__('os')",
                  "value_name": "a\\nb", "stderr": {{}}}}
        os.write(3, b"\\0" + msgpack.packb(answer))
        import time; time.sleep(5)"""
    result = await run(session, code.format(side=10))
    assert [(image.media_type, image.title, image.description) for image in result.images] == [
        ("image/png", "t  [2J", "")
    ]
    assert result.warnings == ("w" * 600,)
    assert (result.hint, result.missing_library, result.value_name, result.stderr) == (None, None, None, "")
    assert (await run(session, code.format(side=60_000))).images == ()


async def test_answer_without_the_rounds_key_is_a_kill(session: SandboxSession) -> None:
    forged = "import msgpack, os\nos.write(3, b'\\0' + msgpack.packb({'value': 'forged', 'value_json': None}))\n"
    result = await run(session, f"{forged}while True: pass")
    assert (result.status, result.value, session.alive) == ("killed", None, False)
