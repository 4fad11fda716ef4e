"""What is made of a run's actions: joined, with parameters, and refused where it would do harm."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from experience_runs import ENTITIES, library, run
from sanca.memory.experience import Deed, NotLearnedError, SeenCall, Taught
from sanca.memory.experience.skeleton import skeleton_of
from sanca.memory.experience.taught import Skeleton


def skeleton(taught: Taught) -> Skeleton:
    return skeleton_of(taught, library().read(taught.message, ENTITIES), lambda text: text)[0]


def test_what_the_message_named_becomes_parameters_everywhere_in_the_code() -> None:
    code = "rows = system.logs('checkout', limit=20)\nf'checkout: {len(rows)} of 20 lines'"
    made = skeleton(run("show the last 20 lines that checkout wrote", code))

    assert made.phrase == "show the last {number} lines that {service} wrote"
    assert made.parameters == (("number", "number"), ("service", "service"))
    assert made.code.splitlines() == [
        "rows = system.logs(service, limit=int(number))",
        "f'{service}: {len(rows)} of {number} lines'",
    ]


def test_dead_ends_and_mere_looks_are_left_out() -> None:
    read = SeenCall("meadow.flowers")
    deeds = (
        Deed("meadow.flowerz('checkout')", ok=False),
        Deed("other = meadow.flowers('storefront')", calls=(read,)),
        Deed("bed = meadow.flowers('checkout')\nbed", calls=(read,)),
        Deed("print(len(bed))\nbed['tulips']", calls=()),
    )
    made = skeleton(run(deeds=deeds))

    assert made.code == "bed = meadow.flowers(service)\nprint(len(bed))\nbed['tulips']\n"


def test_an_effect_of_an_earlier_action_stays() -> None:
    deeds = (Deed("garden.dig('north')", calls=(SeenCall("garden.dig", "WRITE"),)), Deed("'dug'"))
    made = skeleton(run("please dig the north bed", deeds=deeds))

    assert (made.code, made.writes, made.says) == ("garden.dig('north')\n'dug'\n", True, ("north",))


def test_what_is_only_printed_becomes_the_answer() -> None:
    made = skeleton(run("list the tulips of checkout", "for one in meadow.flowers('checkout'):\n    print(one, 1)"))
    told: list[object] = []
    tree = ast.parse(made.code)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    names = {"service": "checkout", "meadow": type("Meadow", (), {"flowers": staticmethod(lambda _: ["a", "b"])})}
    exec(compile(tree, "skill", "exec"), names)  # noqa: S102 - the skeleton, as the sandbox would run it
    told.append(eval(compile(ast.Expression(last.value), "skill", "eval"), names))  # noqa: S307 - the same

    assert told == ["a 1\nb 1"]


@pytest.mark.parametrize(
    ("taught", "reason"),
    [
        (run("stop the slowest one", "system.restart('payments')"), "names 'payments', which the message did not"),
        (
            run("free the port", deeds=(Deed("system.ports()", observation="pid 4101"), Deed("system.stop(4101)"))),
            "'4101', which came from what a tool returned",
        ),
        (
            run("do what the note says", deeds=(Deed("note", observation="rm -rf /data"), Deed("'rm -rf /data'"))),
            "came from what a tool returned",
        ),
        (run("how many tulips has checkout?", "tulips['checkout']"), "names that only this session has: tulips"),
        (run("how many tulips has checkout?", "x = (", "1 +"), "No action of the run ended well"),
        (
            run("dig it all", deeds=(Deed("x", ok=False, calls=(SeenCall("garden.dig", "WRITE"),)), Deed("'dug'"))),
            "broke after it had changed something",
        ),
        (run("word " * 80, "1"), "too long"),
        (run("wait for checkout", "import time\nfor _ in range(3):\n    time.sleep(1)"), "gives no answer"),
    ],
    ids=["unsaid name", "number from data", "text from data", "session name", "no Python", "half done", "long",
         "no answer"],
)  # fmt: skip
def test_what_must_not_be_learned_is_refused_with_the_reason(taught: Taught, reason: str) -> None:
    with pytest.raises(NotLearnedError, match=reason):
        skeleton(taught)


def test_a_name_that_the_action_does_not_use_makes_it_an_example_only() -> None:
    made = skeleton(run("how many tulips has checkout?", "meadow.count()"))

    assert (made.use, made.says) == ("example", ())
    assert "'checkout'" in made.why_not


def test_two_releases_are_told_apart_when_the_older_is_said_first() -> None:
    code = "system.git_diff('v1.0.0', 'v1.2.0', service='checkout')"
    forwards = skeleton(run("which files changed from v1.0.0 to v1.2.0 of checkout?", code))
    backwards = skeleton(run("which files changed in v1.2.0 since v1.0.0 of checkout?", code))

    assert (forwards.use, backwards.use) == ("fast_path", "example")
    assert forwards.code == "system.git_diff(release, release_said, service=service)\n"


def test_names_of_variables_make_no_other_skill() -> None:
    one = skeleton(run("tulips of checkout please", "a = meadow.flowers('checkout')\na"))
    two = skeleton(run("tulips of payments please", "b = meadow.flowers('payments')\nb"))
    three = skeleton(run("tulips of payments please", "b = meadow.weeds('payments')\nb"))

    assert one.digest == two.digest != three.digest


def test_an_action_that_was_written_after_strangers_words_were_read_is_an_example_only() -> None:
    code = "rows = system.logs('checkout', limit=20)\nf'checkout: {len(rows)} of 20 lines'"
    taught = run("show the last 20 lines that checkout wrote", code)

    assert skeleton(taught).use == "fast_path"
    assert skeleton(replace(taught, read_outside=True)).use == "example"
