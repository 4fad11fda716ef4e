"""Adds folders, checks documents again, and says what is expired, changed, gone or contradicted. Reads local files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog
from anyio import Path as AsyncPath
from anyio import to_thread
from sanca.core.errors import DocumentError
from sanca.core.memory import MemoryRecord, Scope
from sanca.memory.knowledge.base import AddedDocument, KnowledgeBase, Origin, digest_of
from sanca.memory.knowledge.folders import FoundFile, files_of
from sanca.memory.knowledge.records import KnownDocument, document_of, head_record, is_head

log = structlog.get_logger()

Progress = Callable[[str, int, int], None]
"""Told the name, the place from 1 and the number of all, before a document is read."""


@dataclass
class AddedFolder:
    """What became of a folder that was added."""

    added: list[AddedDocument] = field(default_factory=list)
    refused: list[DocumentError] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """How many files by reason."""
    forgotten: list[str] = field(default_factory=list)
    """Documents whose file the folder no longer has."""


@dataclass
class Findings:
    """What a check found; names of documents."""

    checked: int = 0
    expired: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    """A sentence each, both sides named, each once."""
    refused: list[DocumentError] = field(default_factory=list)
    """Changed, but not to be read as they are now: what was known of them stays."""

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to see to."""
        return not (self.expired or self.changed or self.gone or self.contradictions or self.refused)


async def add_path(
    knowledge: KnowledgeBase,
    scope: Scope,
    path: Path,
    *,
    valid_for_days: float | None = None,
    progress: Progress | None = None,
) -> AddedFolder:
    """Add a file, or a folder with all that is worth knowing in it; what a folder no longer has is forgotten.

    Raises:
        DocumentError: There is no such path, or a single file cannot be read.
        StoreError: The store refused; what was added until then is kept.
    """
    path = await to_thread.run_sync(lambda: path.expanduser().resolve())
    if not await AsyncPath(path).exists():
        raise DocumentError(str(path), "there is no such file or folder")
    result = AddedFolder()
    if await AsyncPath(path).is_file():
        known = await knowledge.documents(scope)
        name = _own_name(path, path.name, known)
        root = next((document.root for document in known if document.name == name), "")
        content = await _read(path, name)
        added = await knowledge.add_document(
            scope, name, content, valid_for_days=valid_for_days, origin=Origin(str(path), root)
        )
        result.added.append(added)
        return result
    found = await to_thread.run_sync(lambda: list(files_of(path)))
    result.left_out = Counter(file.left_out for file in found if file.left_out)
    await _add_files(
        knowledge, scope, path, [file for file in found if not file.left_out], result, valid_for_days, progress
    )
    return result


async def _add_files(
    knowledge: KnowledgeBase,
    scope: Scope,
    root: Path,
    files: Sequence[FoundFile],
    result: AddedFolder,
    valid_for_days: float | None,
    progress: Progress | None,
) -> None:
    known = await knowledge.documents(scope)
    label = _label(root, known)
    async with knowledge.many():
        for number, file in enumerate(files, 1):
            name = f"{label}/{file.name}"
            if progress:
                progress(name, number, len(files))
            try:
                content = await _read(file.path, name)
                origin = Origin(str(file.path), str(root))
                added = await knowledge.add_document(scope, name, content, valid_for_days=valid_for_days, origin=origin)
            except DocumentError as error:
                result.refused.append(error)
            else:
                result.added.append(added)
    there = {str(file.path) for file in files}
    for document in known:
        if document.root == str(root) and document.is_checkable and document.path not in there:
            await knowledge.forget(scope, document.name)
            result.forgotten.append(document.name)


def _label(root: Path, known: Sequence[KnownDocument]) -> str:
    """Return the name under which a folder's files are known: its own, with those above it if another one has that."""
    mine = next((document for document in known if document.root == str(root)), None)
    if mine is not None and (inner := Path(mine.path).relative_to(root).as_posix()) and mine.name.endswith(f"/{inner}"):
        return mine.name.removesuffix(f"/{inner}")
    others = {document.name for document in known}
    label = root.name or "files"
    for parent in root.parents:
        if not any(name.startswith(f"{label}/") for name in others) or not parent.name:
            return label
        label = f"{parent.name}/{label}"
    return label


def _own_name(path: Path, name: str, known: Sequence[KnownDocument]) -> str:
    """Return the name of a single file: the one it has already, or a longer one where another file has that."""
    taken = {document.name: document.path for document in known}
    mine = next((document.name for document in known if document.path == str(path)), "")
    if mine:
        return mine
    for parent in path.parents:
        if taken.get(name, str(path)) in {"", str(path)} or not parent.name:
            return name
        name = f"{parent.name}/{name}"
    return name


async def _read(path: Path, name: str) -> bytes:
    try:
        return await to_thread.run_sync(path.read_bytes)
    except OSError as error:
        raise DocumentError(name, f"its file cannot be read ({error.strerror or error})") from error


async def check(knowledge: KnowledgeBase, scope: Scope, *, now: datetime | None = None) -> Findings:
    """Say how the tenant's documents stand; changes nothing."""
    now = now or datetime.now(UTC)
    findings = Findings()
    clashes: dict[frozenset[str], str] = {}
    async for record in knowledge.records(Scope(tenant=scope.tenant, user="")):
        if not is_head(record):
            clashes.update(_clashes(record))
            continue
        document = document_of(record)
        findings.checked += 1
        state = await to_thread.run_sync(_state_of, document)
        if state == "gone":
            findings.gone.append(document.name)
        elif state == "changed":
            findings.changed.append(document.name)
        if document.is_expired(now):
            findings.expired.append(document.name)
    findings.contradictions = sorted(clashes.values())
    for names in (findings.gone, findings.changed, findings.expired):
        names.sort()
    return findings


def _clashes(record: MemoryRecord) -> dict[frozenset[str], str]:
    found = {}
    for other in record.data.get("contradicted_by", ()):
        here, there = sorted([(record.source, other["value"]), (other["citation"], other["other"])])
        found[frozenset((record.id, other["id"], other["what"]))] = (
            f"{other['what']} is {here[1]!r} in {here[0]}, but {there[1]!r} in {there[0]}."
        )
    return found


def _state_of(document: KnownDocument) -> str:
    """Return `same`, `changed`, `gone`, or `away` for what has no file or one that cannot be seen now."""
    if not document.is_checkable:
        return "away"
    try:
        content = Path(document.path).read_bytes()
    except FileNotFoundError:
        return "gone"
    except OSError:
        return "away"
    return "same" if digest_of(content) == document.digest else "changed"


async def recheck(knowledge: KnowledgeBase, *, not_since: datetime | None = None) -> Findings:
    """Look at every tenant's files again: changed ones are added anew, gone ones are marked, the others confirmed.

    Only files of this machine, and with `not_since` only those that were not looked at since then. A file that is as
    it was does not renew its validity: only who adds it again with one says that it still holds.
    """
    findings = Findings()
    heads = [record async for record in knowledge.records(None) if is_head(record) and _is_due(record, not_since)]
    async with knowledge.many():
        for head in heads:
            document = document_of(head)
            state = await to_thread.run_sync(_state_of, document)
            scope = Scope(tenant=head.tenant, user="")
            findings.checked += 1
            if state == "gone" and not document.gone_at:
                findings.gone.append(document.name)
                await mark_gone(knowledge, scope, document)
            elif state == "changed" or (state == "same" and document.gone_at):
                await _add_again(knowledge, scope, document, findings)
            elif state == "same":
                await knowledge.rewrite([head_record(scope.tenant, replace(document, checked_at=_now()))])
    if findings.changed or findings.gone or findings.refused:
        log.info(
            "knowledge_rechecked", changed=len(findings.changed), gone=len(findings.gone), refused=len(findings.refused)
        )
    return findings


def _is_due(head: MemoryRecord, not_since: datetime | None) -> bool:
    document = document_of(head)
    if not document.is_checkable:
        return False
    return not_since is None or not document.checked_at or datetime.fromisoformat(document.checked_at) < not_since


async def _add_again(knowledge: KnowledgeBase, scope: Scope, document: KnownDocument, findings: Findings) -> None:
    findings.changed.append(document.name)
    try:
        content = await _read(Path(document.path), document.name)
        await knowledge.add_document(scope, document.name, content, origin=Origin(document.path, document.root))
    except DocumentError as error:
        findings.refused.append(error)


async def mark_gone(knowledge: KnowledgeBase, scope: Scope, document: KnownDocument) -> None:
    """Note on a document and its pieces that its file is not there any more; they are shown with a doubt."""
    gone = replace(document, gone_at=_now())
    pieces = await knowledge.pieces(scope, document.name)
    marked = [
        piece.model_copy(update={"data": {**piece.data, "gone_at": gone.gone_at}, "revision": 0}) for piece in pieces
    ]
    await knowledge.rewrite([head_record(scope.tenant, gone), *marked])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
