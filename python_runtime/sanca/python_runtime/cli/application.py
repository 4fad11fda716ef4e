"""The commands and their options. Each command's work is in a module of its own, imported only when it is called."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from sanca.core.errors import SancaError
from sanca.python_runtime.cli.keys import keys
from sanca.python_runtime.cli.knowledge import knowledge
from sanca.python_runtime.cli.mcp import mcp
from sanca.python_runtime.cli.mcp_servers import add_server_commands
from sanca.python_runtime.cli.memory import memory
from sanca.python_runtime.lifecycle import EngineLockedError

application = typer.Typer(
    name="sanca",
    help="A junior teammate that writes Python, runs it in a sandbox, and asks before it breaks anything.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
skills = typer.Typer(help="The skill library.", no_args_is_help=True)
application.add_typer(skills, name="skills")
tools = typer.Typer(help="The tools an action may call.", no_args_is_help=True)
application.add_typer(tools, name="tools")
prompts = typer.Typer(help="What models are told, for whom.", no_args_is_help=True)
application.add_typer(prompts, name="prompts")
application.add_typer(memory, name="memory")
application.add_typer(knowledge, name="knowledge")
application.add_typer(keys, name="keys")
add_server_commands(mcp)
application.add_typer(mcp, name="mcp")

models = typer.Typer(help="The models that think for it, by role.", invoke_without_command=True)
application.add_typer(models, name="models")

SkillTenant = Annotated[str, typer.Option("--tenant", help="Whose users' skills are meant.")]
SkillUser = Annotated[str, typer.Option("--user", help="Whose skills; by default those of this terminal.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
SECOND_ENGINE_EXIT_CODE = 3


def run_application() -> None:
    """Run the application and turn our own errors into one sentence on stderr."""
    _log_to_stderr()
    try:
        application()
    except SancaError as error:
        print(f"sanca: {error}", file=sys.stderr)  # noqa: T201 - the terminal is this module's output
        sys.exit(SECOND_ENGINE_EXIT_CODE if isinstance(error, EngineLockedError) else 1)


def _log_to_stderr() -> None:
    """Keep stdout for answers; below a warning a person at a terminal wants none. `serve` sets up its own."""
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


@application.command()
def serve(
    http: Annotated[
        bool, typer.Option("--http", help="Open the doors for others too: A2A, MCP, AG-UI; `SANCA_HTTP_PORT` (15335).")
    ] = False,
) -> None:
    """Serve the engine on the loopback (gRPC) until it is stopped; `SANCA_ENGINE_PORT` sets the port."""
    from sanca.python_runtime.app import serve as serve_engine

    serve_engine(http=http)


@application.command()
def chat(
    session: Annotated[str, typer.Option(help="Go on with this session.")] = "",
) -> None:
    """Talk to it in the terminal."""
    from sanca.python_runtime.cli.chat import run_chat

    run_chat(session)


@application.command()
def run(
    message: Annotated[str, typer.Argument(help="What it should do.")],
    as_json: AsJson = False,
    session: Annotated[str, typer.Option(help="The session to go on with; a new one by default.")] = "",
    approve: Annotated[
        str, typer.Option(help="When it asks: `ask` (in a terminal), `all`, or `none`: stop with needs_input.")
    ] = "ask",
) -> None:
    """Send one message; with --json the last line is one object. Exit code 0 only when it was done."""
    from sanca.python_runtime.cli.one_run import run_message

    sys.exit(run_message(message, session=session, approve=approve, as_json=as_json))


@application.command("exec")
def execute(
    files: Annotated[list[Path], typer.Argument(help="Python files, each one action in a fresh sandbox session.")],
    input_path: Annotated[
        Path | None, typer.Option("--input", help="A file or folder to lie read-only under /input.")
    ] = None,
    as_json: AsJson = False,
    limit_seconds: Annotated[float, typer.Option("--limit", help="Seconds each action may use.")] = 30.0,
) -> None:
    """Run files in the sandbox, without tools; one line a file."""
    from sanca.python_runtime.cli.execute import execute_files

    sys.exit(execute_files(files, input_path=input_path, as_json=as_json, limit_seconds=limit_seconds))


@application.command()
def doctor(
    as_json: AsJson = False,
    isolation: Annotated[bool, typer.Option("--isolation", help="Attack the sandbox and report; minutes.")] = False,
    tier: Annotated[str, typer.Option(help="With --isolation: another level than the configured one.")] = "",
    only: Annotated[str, typer.Option(help="With --isolation: only attacks whose name begins so.")] = "",
) -> None:
    """Say what is configured, what works, and how isolated actions are."""
    if isolation:
        from sanca.python_runtime.cli.isolation import run_isolation

        sys.exit(run_isolation(tier=tier, only=only, as_json=as_json))
    from sanca.python_runtime.cli.doctor import run_doctor

    sys.exit(run_doctor(as_json=as_json))


@application.command("eval")
def evaluate(
    suite: Annotated[str, typer.Option(help="The task set: humaneval, bfcl, agentdojo, m3tooleval or tau-retail.")],
    truth: Annotated[bool, typer.Option("--truth", help="Run the set's own solutions.")] = False,
    model: Annotated[
        str, typer.Option(help="Ask the model behind this OpenAI-compatible base URL; its key: OPENAI_API_KEY.")
    ] = "",
    model_name: Annotated[str, typer.Option(help="Its name; by default the first one that the server lists.")] = "",
    mode: Annotated[
        str, typer.Option(help="code: it writes actions; json: it calls tools; both, and compare.")
    ] = "both",
    user_model: Annotated[
        str,
        typer.Option(help="Base URL of a model that plays the person, where a set has one (SANCA_USER_MODEL_API_KEY)."),
    ] = "",
    user_model_name: Annotated[str, typer.Option(help="Its name.")] = "",
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Model calls of a turn at most, in either mode.")] = 20,
    data: Annotated[Path | None, typer.Option(help="A folder with the data of a set that no package carries.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many tasks, the first ones.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Keep results here, a JSON line a task, and go on after those that it has.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report here too: FILE.md and FILE.json.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a task set through sandbox and gate, graded by its own checker. With --truth exit code 0 only if all pass."""
    from sanca.python_runtime.cli.eval import model_options, run_evaluation

    options = model_options(model, model_name, mode, user_model, user_model_name, rounds)
    sys.exit(
        run_evaluation(
            suite,
            truth=truth,
            data=data,
            limit=limit,
            out=out,
            as_json=as_json,
            options=options,
            report_path=report,
        )
    )


@application.command("setup-libraries")
def setup_libraries() -> None:
    """Install what actions may import (numpy, pandas, charts …) beside the engine; `make setup` does it too."""
    from sanca.python_runtime.sandbox.library import default_folder, make_library

    make_library(default_folder())


@models.callback()
def list_models(context: typer.Context, as_json: AsJson = False) -> None:
    """List roles, models, fall-backs, their state and prices; never a key."""
    from sanca.python_runtime.cli.models import print_models

    if context.invoked_subcommand is None:
        print_models(as_json=as_json)


@models.command("test")
def try_models(
    role: Annotated[str, typer.Argument(help="general, coder, fast or judge; all by default.")] = "",
    as_json: AsJson = False,
) -> None:
    """Ask every model and fall-back for one word. Exit code 1 when one does not answer."""
    from sanca.python_runtime.cli.models import test_models

    sys.exit(test_models(role, as_json=as_json))


@skills.command("list")
def list_skills(tenant: SkillTenant = "default", user: SkillUser = "", as_json: AsJson = False) -> None:
    """List what it can do without a model, and what runs taught: where it is from and how often it helped."""
    from sanca.python_runtime.cli.skills import print_skills

    print_skills(tenant, user, as_json=as_json)


@skills.command("learn")
def learn_skill(
    run_id: Annotated[str, typer.Argument(help="The run whose action is to be kept.")],
    title: Annotated[str, typer.Option(help="How you will ask for it; names in it become parameters.")],
) -> None:
    """Keep what a run did as a skill."""
    from sanca.python_runtime.cli.learned_skills import learn_skill

    raise typer.Exit(learn_skill(run_id, title))


@skills.command("share")
def share_skill(name: str, tenant: SkillTenant = "default", user: SkillUser = "") -> None:
    """Give a learned skill to every user of the tenant."""
    from sanca.python_runtime.cli.learned_skills import share_skill

    share_skill(name, tenant, user)


@skills.command("forget")
def forget_skill(name: str, tenant: SkillTenant = "default", user: SkillUser = "") -> None:
    """Forget a learned skill, its folder too."""
    from sanca.python_runtime.cli.learned_skills import forget_skill

    forget_skill(name, tenant, user)


@skills.command("match")
def match_skills(
    queries: Annotated[Path, typer.Option(help="A text file, one query a line, or JSON lines with `query`.")],
    as_json: AsJson = False,
) -> None:
    """Say which skill each query matches, with score and parameters; one line a query."""
    from sanca.python_runtime.cli.skills import print_matches

    print_matches(queries, as_json=as_json)


@tools.command("search")
def search_tools(
    queries: Annotated[Path, typer.Option(help="A text file, one query a line, or JSON lines with `query`.")],
    tools_file: Annotated[
        Path,
        typer.Option(
            "--tools", help="JSON: tools with `name`, `description`, `parameters`; or `describe()`; or name to text."
        ),
    ],
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many tools a query.")] = 10,
) -> None:
    """Say which tools each query finds, best first; one line a query. Offline, as `tools.search` in an action."""
    from sanca.python_runtime.cli.tools import print_found

    print_found(queries, tools_file, limit=limit, as_json=as_json)


@prompts.command("check")
def check_prompts(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder to check; `prompts` in the state folder by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check prompt configurations and their templates; exit code 1 when one would not be taken into use."""
    from sanca.python_runtime.cli.prompts import check_prompts as check

    sys.exit(check(folder, as_json=as_json))


@prompts.command("show")
def show_prompts(
    purpose: Annotated[str, typer.Option(help="cmd, thought, repair, summary, compaction, judge or custom.")] = "cmd",
    tenant: Annotated[str, typer.Option(help="For this tenant.")] = "",
    scenario: Annotated[str, typer.Option(help="For this scenario, such as data or incident.")] = "",
    model: Annotated[str, typer.Option(help="For this model, as its provider spells it.")] = "",
    with_text: Annotated[bool, typer.Option("--text", help="Show a prompt too, made from sample inputs.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Another folder than that of the state folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what holds for a tenant, scenario and model, and which file says so."""
    from sanca.python_runtime.cli.prompts import show_prompts as show

    show(
        purpose=purpose,
        tenant=tenant,
        scenario=scenario,
        model=model,
        with_text=with_text,
        folder=folder,
        as_json=as_json,
    )
