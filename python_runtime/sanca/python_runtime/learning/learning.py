"""Learning: what a run teaches once it is over, what a person says of it, and which skills each message may use.

The journal tells what a run did, the experience book keeps what it teaches. Beside the runs, never in their way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.to_thread
import structlog
from anyio.abc import TaskGroup
from sanca.core.errors import SancaError
from sanca.core.memory import Scope
from sanca.core.messages import Caller
from sanca.core.ports import Entities
from sanca.core.tools import ToolkitDefinition
from sanca.memory.experience import ExperienceBook, Kept, NotLearnedError, Taught
from sanca.memory.experience.naming_slots import phrase_of
from sanca.memory.experience.shelf import SkillShelf
from sanca.memory.skills import Skill
from sanca.python_runtime.language import sentence
from sanca.python_runtime.learning.examples import Examples
from sanca.python_runtime.learning.proofs import Proofs
from sanca.python_runtime.learning.stories import WHY_CHARS, Story, taught_by, why_failed
from sanca.python_runtime.learning.wishes import RememberWish, remember_wish, says_it_was_wrong
from sanca.python_runtime.refusals import NotFoundError
from sanca.python_runtime.rounds import RunState
from sanca.python_runtime.run_record import RunRecord, RunRequest, RunStatus
from sanca.python_runtime.run_store import RunStore

log = structlog.get_logger()

_WAIT_SECONDS = 1.5
"""How long a message waits for the lesson of the one before; then it goes without."""

Stories = Callable[[RunRecord], Awaitable[Story]]


@dataclass(eq=False)
class _Lesson:
    """What is being learned from one run."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    done: anyio.Event = field(default_factory=anyio.Event)


class Learning:
    """Learns from the runs of all users, each for itself. Safe to call from many tasks."""

    def __init__(
        self,
        book: ExperienceBook,
        shelf: SkillShelf,
        store: RunStore,
        stories: Stories,
        proofs: Proofs,
        toolkits: Callable[[], Sequence[ToolkitDefinition]],
        *,
        is_on: bool = True,
        shares: bool = False,
    ) -> None:
        """Take what it learns by.

        Args:
            book: Keeps what was learned.
            shelf: The skills of each user.
            store: The records of runs.
            stories: Tells what a run did.
            proofs: Tries what was learned.
            toolkits: The tools there are now.
            is_on: Whether runs teach by themselves; what a person asks to be remembered always is.
            shares: Whether what helped one user becomes the tenant's by itself.
        """
        self.book = book
        self.shelf = shelf
        self._store = store
        self._stories = stories
        self._proofs = proofs
        self._toolkits = toolkits
        self._is_on = is_on
        self._shares = shares
        self._tasks: TaskGroup | None = None
        self._pending: dict[Scope, dict[str, anyio.Event]] = defaultdict(dict)
        self._lessons: set[_Lesson] = set()

    def begin(self, tasks: TaskGroup) -> None:
        """Take the group whose tasks learn; called once, before the first run."""
        self._tasks = tasks

    @property
    def examples(self) -> Examples:
        """What prompts show of what was learned."""
        return Examples(self.shelf)

    # -- around a run -------------------------------------------------------------------------------------------------

    async def prepare(self, request: RunRequest) -> None:
        """Have the skills of the one who asks ready, and hear whether the message takes the last answer back."""
        scope = request.caller.scope
        await self.settled(scope, _WAIT_SECONDS)
        if request.came_by == "message" and says_it_was_wrong(request.message):
            await self._quietly(partial(self._corrected, request))
        await self.shelf.refresh(scope)

    def expect(self, record: RunRecord) -> None:
        """Have what comes next wait a little for this run's lesson; before anybody hears that it is over."""
        self._pending[record.request.caller.scope].setdefault(record.run_id, anyio.Event())

    def after_run(self, record: RunRecord) -> None:
        """Learn from a run that is over, beside whatever comes next."""
        learned = self._pending[record.request.caller.scope].setdefault(record.run_id, anyio.Event())
        if self._tasks is not None and not record.is_live:
            self._tasks.start_soon(self._learn_from, record, learned)
        else:
            self._settle(record, learned)

    async def settled(self, scope: Scope, limit_seconds: float) -> None:
        """Return when what a user's runs taught is ready to be used, or the time is up."""
        with anyio.move_on_after(limit_seconds):
            for learned in tuple(self._pending.get(scope, {}).values()):
                await learned.wait()

    async def close(self, limit_seconds: float) -> None:
        """Give lessons under way a little time, and end those that take longer."""
        with anyio.move_on_after(limit_seconds):
            for learned in [one for events in tuple(self._pending.values()) for one in tuple(events.values())]:
                await learned.wait()
            for lesson in tuple(self._lessons):
                await lesson.done.wait()
        for lesson in tuple(self._lessons):
            lesson.scope.cancel()
            await lesson.done.wait()

    # -- what a person says -------------------------------------------------------------------------------------------

    async def hear(self, state: RunState, entities: Entities) -> str | None:
        """Keep a run as a skill when the message asks for it; returns the answer, None when it asks for nothing such.

        Raises:
            NotLearnedError: It cannot be kept; says why in the language of the run.
        """
        request = state.request
        wish = remember_wish(request.message) if request.came_by == "message" else None
        if wish is None:
            return None
        try:
            story = await self._stories(await self._meant(wish, request))
            kept = await self._remember(wish, story, entities)
        except (NotLearnedError, NotFoundError) as error:
            raise NotLearnedError(sentence("not_learned", state.language, reason=str(error))) from error
        await self.shelf.refresh(request.caller.scope)
        asks = ", ".join(one.name for one in kept.data.parameters)
        key = "learned_with" if asks else "learned"
        return sentence(key, state.language, title=kept.data.title, skill=kept.data.skill, parameters=asks)

    async def feedback(self, caller: Caller, run_id: str, thumb: str, comment: str) -> None:
        """Hear what a person thinks of a run: a thumb down takes what it taught or used out of use, one up confirms."""
        record = await self._store.get(run_id)
        if record is None or not record.belongs_to(caller):
            return
        scope = caller.scope
        await self.settled(scope, _WAIT_SECONDS)
        why = sentence("person_said", "en", comment=comment) if comment.strip() else sentence("thumb_down", "en")
        for kept in await self._of_run(scope, run_id):
            await (self.book.praise(kept) if thumb == "up" else self.book.withdraw(kept, why))
        if thumb == "down" and comment.strip():
            await self._keep_failure(await self._stories(record), why, {"said": "thumb down"})
        await self.shelf.refresh(scope)

    # -- learning -----------------------------------------------------------------------------------------------------

    async def _learn_from(self, record: RunRecord, learned: anyio.Event) -> None:
        lesson = _Lesson()
        self._lessons.add(lesson)
        try:
            with lesson.scope:
                await self._quietly(partial(self._learn, record, record.request.caller.scope, learned))
        finally:
            self._settle(record, learned)
            self._lessons.discard(lesson)
            lesson.done.set()

    def _settle(self, record: RunRecord, learned: anyio.Event) -> None:
        learned.set()
        pending = self._pending.get(record.request.caller.scope, {})
        pending.pop(record.run_id, None)
        if not pending:
            self._pending.pop(record.request.caller.scope, None)

    async def _learn(self, record: RunRecord, scope: Scope, learned: anyio.Event) -> None:
        story = await self._stories(record)
        if record.skill and (used := self.shelf.known(scope, record.skill)) is not None:
            await self._count(used, story)
        for tool, reason in story.denied:
            if reason:
                await self._keep_failure(story, f"A person did not allow {tool}: {reason}", {"said": "denied"})
        if not self._is_on or not story.is_persons_word:
            return
        if story.came_out_well and "model" in story.strategies:
            await self._learn_skill(story, scope, learned)
        elif record.status is RunStatus.FAILED and story.percept:
            await self._keep_failure(story, why_failed(story), {"missing": "; ".join(story.missing)[:WHY_CHARS]})
        await self.shelf.refresh(scope)

    async def _learn_skill(self, story: Story, scope: Scope, learned: anyio.Event) -> None:
        taught = taught_by(story, story.message, "model", story.entities, self._toolkits())
        try:
            kept, skill = await self._keep(scope, taught)
        except NotLearnedError as error:
            log.info("run_taught_nothing", run_id=story.record.run_id, reason=str(error))
            return
        await self.shelf.refresh(scope)
        learned.set()  # from here on the next message may use it; it is tried meanwhile
        await self._prove(kept, skill, story)

    async def _keep(self, scope: Scope, taught: Taught) -> tuple[Kept, Skill]:
        """Keep what a run taught, checked.

        Raises:
            NotLearnedError: Nothing is to be learned from it, or its action surely fails.
        """
        library = self.shelf.of(scope)
        reading = await anyio.to_thread.run_sync(library.read, taught.message, taught.entities)
        kept = await self.book.learn(scope, taught, reading)
        skill = await anyio.to_thread.run_sync(self.book.folders.read, scope, kept.data.skill)
        if problem := await self._proofs.check(skill):
            why = f"Its action surely fails: {problem}"
            await self.book.change(kept, lambda data: data.model_copy(update={"use": "none", "why": why[:WHY_CHARS]}))
            raise NotLearnedError(why)
        checked = {"proof": "checked"} if kept.data.proof != "ran" else {}
        log.info("run_taught", run_id=taught.run_id, skill=kept.data.skill, use=kept.data.use)
        return await self.book.change(kept, lambda data: data.model_copy(update=checked)), skill

    async def _prove(self, kept: Kept, skill: Skill, story: Story) -> None:
        """Run it once more, as the same message would: matched, filled, and in a sandbox of its own."""
        if kept.data.use != "fast_path" or kept.data.proof == "ran" or not self._proofs.only_reads(skill.code()):
            return
        library = self.shelf.of(kept.scope)
        find = partial(library.match, story.message, entities=story.entities)
        match = await anyio.to_thread.run_sync(find)
        if match is None or match.skill != kept.data.skill or match.missing:
            log.info("skill_not_found_again", skill=kept.data.skill, found=match.skill if match else None)
            return
        ran = await self._proofs.run(skill, match.parameters, story.record.request)
        if ran is None:
            return
        failed = {"use": "example", "why": "it gave no answer when it was run again"}
        changes = {"proof": "ran", "verified": True} if ran else failed
        await self.book.change(kept, lambda data: data.model_copy(update=changes))
        if not ran:
            await self.shelf.refresh(kept.scope)

    async def _count(self, used: Kept, story: Story) -> None:
        """Count how a learned skill served; what a person did not allow speaks neither for nor against it."""
        if story.denied:
            return
        ok = story.came_out_well and "model" not in story.strategies and all(deed.ok for deed in story.deeds)
        counted = await self.book.used(used, story.record.run_id, ok=ok, why="" if ok else why_failed(story))
        if ok and self._shares and counted.record.user and counted.data.use == "fast_path":
            await self.book.share(counted)
        await self.shelf.refresh(story.record.request.caller.scope)

    async def _keep_failure(self, story: Story, why: str, situation: dict[str, str]) -> None:
        if not story.is_persons_word or not why:
            return
        scope = story.record.request.caller.scope
        read = partial(self.shelf.of(scope).read, story.message, story.entities)
        phrase = phrase_of(await anyio.to_thread.run_sync(read))
        told = {
            "scenario": str(story.percept.get("scenario", "")),
            **{name: text for name, text in situation.items() if text},
        }
        await self.book.learn_failure(
            scope, story.record.run_id, story.message, phrase, why[:WHY_CHARS], situation=told
        )

    async def _corrected(self, request: RunRequest) -> None:
        """Take out of use what the last run of the session taught or used: the person says it was not meant."""
        before = await self._last_run(request)
        if before is None or before.status is not RunStatus.DONE:
            return
        why = sentence("person_said", "en", comment=" ".join(request.message.split())[:WHY_CHARS])
        for kept in await self._of_run(request.caller.scope, before.run_id):
            await self.book.withdraw(kept, why)
        await self._keep_failure(await self._stories(before), why, {"said": "correction"})

    # -- on request ---------------------------------------------------------------------------------------------------

    async def _remember(self, wish: RememberWish, story: Story, entities: Entities) -> Kept:
        record = story.record
        if record.skill:
            raise NotLearnedError(f"that was done by the skill {record.skill!r} already")
        is_own = bool(record.request.action_code)
        if record.status is not RunStatus.DONE or not story.deeds:
            raise NotLearnedError("that run did not end well, or ran nothing")
        if not is_own and not story.is_persons_word:
            raise NotLearnedError("it was not asked for in a person's words")
        message = wish.title if is_own else story.message
        taught = taught_by(
            story, message, "person" if is_own else "model", entities, self._toolkits(), title=wish.title
        )
        kept, skill = await self._keep(record.request.caller.scope, taught)
        if kept.data.use != "fast_path":
            raise NotLearnedError(kept.data.why or "it would serve no other message")
        log.info("run_remembered", run_id=record.run_id, skill=skill.name)
        return kept

    async def _meant(self, wish: RememberWish, request: RunRequest) -> RunRecord:
        record = await self._store.get(wish.run_id) if wish.run_id else await self._last_run(request)
        if record is None or not record.belongs_to(request.caller):
            named = f" {wish.run_id!r}" if wish.run_id else " before this message"
            raise NotFoundError(f"there is no run{named} of yours")
        return record

    # -- small things -------------------------------------------------------------------------------------------------

    async def _of_run(self, scope: Scope, run_id: str) -> list[Kept]:
        known = await self.book.all(scope, own_only=True)
        return [one for one in known if one.data.outcome == "ok" and run_id in one.data.run_ids]

    async def _last_run(self, request: RunRequest) -> RunRecord | None:
        records = await self._store.of_session(request.caller, request.session_id)
        before = [one for one in records if one.run_id != request.run_id]
        return before[-1] if before else None

    @staticmethod
    async def _quietly(work: Callable[[], Awaitable[None]]) -> None:
        """No run suffers from what it might have taught."""
        try:
            await work()
        except (SancaError, OSError) as error:
            log.warning("not_learned", reason=str(error))
        except Exception:  # a mistake of ours must end neither the engine nor the next message
            log.exception("learning_broke")
