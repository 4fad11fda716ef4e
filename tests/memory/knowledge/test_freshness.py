"""Folders added, looked at again, and what they no longer have; over real files and the real store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sanca.core.errors import DocumentError
from sanca.core.memory import Query, Scope
from sanca.memory.knowledge import KnowledgeBase, add_path, check, doubt_of, recheck

pytestmark = pytest.mark.anyio
SHOP = Scope(tenant="shop", user="")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with documents, code, and much that is not worth knowing."""
    root = tmp_path / "handbook"
    for name, text in {
        ".gitignore": "secret/\n*.tmp.md\n!kept.tmp.md\n",
        "payment.md": "# Payment\n\nPort: 8082\n",
        "code/orders.py": "def total():\n    return 1\n",
        "notes.tmp.md": "# Draft\n\nNothing.\n",
        "kept.tmp.md": "# Kept\n\nText.\n",
        "secret/key.md": "# Key\n\nText.\n",
        "secret/deep/more.md": "# More\n\nText.\n",
        ".hidden.md": "# Hidden\n\nText.\n",
        ".git/config.md": "# Git\n\nText.\n",
        "node_modules/a/index.js": "f();\n",
        "picture.png": "no text",
        "empty.md": "",
        "package-lock.json": "{}",
        "broken.txt": "a\0b",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "link.md").symlink_to(root / "payment.md")
    return root


async def names(knowledge: KnowledgeBase) -> list[str]:
    return [document.name for document in await knowledge.documents(SHOP)]


async def test_a_folder_is_added_with_what_is_worth_knowing_and_the_rest_is_told(
    knowledge: KnowledgeBase, folder: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    result = await add_path(knowledge, SHOP, folder, progress=lambda *one: told.append(one))
    assert await names(knowledge) == ["handbook/code/orders.py", "handbook/kept.tmp.md", "handbook/payment.md"]
    assert [error.reason for error in result.refused] == ["it is a binary file, not a text"]
    assert result.left_out == {
        "files and folders that .gitignore names": 2,
        "hidden folders": 1,
        "hidden files (they hold settings of tools, and secrets)": 2,
        "folders of what was built or fetched (target, node_modules …)": 1,
        "links and special files": 1,
        "files of kind '.png'": 1,
        "empty files": 1,
        "generated files": 1,
    }
    assert [one[1:] for one in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]


async def test_rules_above_the_folder_hold_too(knowledge: KnowledgeBase, folder: Path) -> None:
    (folder / ".gitignore").write_text("code/*.py\n", encoding="utf-8")
    (folder / "code" / "told.md").write_text("# Told\n\nText.\n", encoding="utf-8")
    await add_path(knowledge, SHOP, folder / "code")
    assert await names(knowledge) == ["code/told.md"]


async def test_adding_again_changes_what_changed_and_forgets_what_is_gone(
    knowledge: KnowledgeBase, folder: Path
) -> None:
    await add_path(knowledge, SHOP, folder)
    (folder / "payment.md").write_text("# Payment\n\nPort: 8083\n", encoding="utf-8")
    (folder / "kept.tmp.md").unlink()
    result = await add_path(knowledge, SHOP, folder)
    assert [(one.document, one.unchanged) for one in result.added] == [
        ("handbook/payment.md", False),
        ("handbook/code/orders.py", True),
    ]
    assert result.forgotten == ["handbook/kept.tmp.md"]
    assert await names(knowledge) == ["handbook/code/orders.py", "handbook/payment.md"]


async def test_folders_and_files_of_one_name_do_not_take_each_others_place(
    knowledge: KnowledgeBase, tmp_path: Path
) -> None:
    for above in ("shop", "bank"):
        (tmp_path / above / "docs").mkdir(parents=True)
        (tmp_path / above / "docs" / "a.md").write_text(f"# {above}\n\nText.\n", encoding="utf-8")
        await add_path(knowledge, SHOP, tmp_path / above / "docs")
        await add_path(knowledge, SHOP, tmp_path / above / "docs")
        await add_path(knowledge, SHOP, tmp_path / above / "docs" / "a.md")
    assert await names(knowledge) == ["bank/docs/a.md", "docs/a.md"]


async def test_a_path_that_is_not_there_is_told(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="there is no such file or folder"):
        await add_path(knowledge, SHOP, tmp_path / "nowhere")


async def test_check_tells_what_changed_what_is_gone_and_what_expired(knowledge: KnowledgeBase, folder: Path) -> None:
    await add_path(knowledge, SHOP, folder, valid_for_days=30)
    assert (await check(knowledge, SHOP)).is_clean
    (folder / "payment.md").write_text("# Payment\n\nPort: 8083\n", encoding="utf-8")
    (folder / "kept.tmp.md").unlink()
    found = await check(knowledge, SHOP, now=datetime.now(UTC) + timedelta(days=31))
    assert (found.checked, found.changed, found.gone) == (3, ["handbook/payment.md"], ["handbook/kept.tmp.md"])
    assert found.expired == ["handbook/code/orders.py", "handbook/kept.tmp.md", "handbook/payment.md"]
    assert len(await names(knowledge)) == 3, "a check changes nothing"


async def test_recheck_takes_in_changes_and_marks_what_is_gone_until_it_is_back(
    knowledge: KnowledgeBase, folder: Path
) -> None:
    await add_path(knowledge, SHOP, folder)
    kept = (folder / "kept.tmp.md").read_text(encoding="utf-8")
    (folder / "payment.md").write_text("# Payment\n\nPort: 8083\n", encoding="utf-8")
    (folder / "kept.tmp.md").unlink()
    found = await recheck(knowledge)
    assert (found.checked, found.changed, found.gone) == (3, ["handbook/payment.md"], ["handbook/kept.tmp.md"])
    assert "8083" in (await knowledge.pieces(SHOP, "handbook/payment.md"))[0].text
    (hit, *_) = await knowledge.recall(SHOP, Query(text="Kept"))
    assert doubt_of(hit.record).startswith("its file is gone since ")
    (folder / "kept.tmp.md").write_text(kept, encoding="utf-8")
    await recheck(knowledge)
    assert doubt_of((await knowledge.pieces(SHOP, "handbook/kept.tmp.md"))[0]) == ""


async def test_recheck_does_not_renew_a_validity(knowledge: KnowledgeBase, folder: Path) -> None:
    await add_path(knowledge, SHOP, folder, valid_for_days=30)
    before = [document.valid_until for document in await knowledge.documents(SHOP)]
    await recheck(knowledge)
    assert [document.valid_until for document in await knowledge.documents(SHOP)] == before


async def test_recheck_leaves_alone_what_was_just_looked_at_and_what_lies_elsewhere(
    knowledge: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_path(knowledge, SHOP, folder)
    await knowledge.add_document(SHOP, "uploaded.md", b"# Uploaded\n\nText.\n")
    (folder / "payment.md").unlink()
    found = await recheck(knowledge, not_since=datetime.now(UTC) - timedelta(hours=1))
    assert (found.checked, found.gone) == (0, [])
    monkeypatch.setattr("platform.node", lambda: "another-machine")
    found = await recheck(knowledge)
    assert (found.checked, found.gone) == (0, [])


async def test_a_file_that_cannot_be_read_now_is_not_called_gone(knowledge: KnowledgeBase, folder: Path) -> None:
    await add_path(knowledge, SHOP, folder)
    (folder / "payment.md").unlink()
    (folder / "payment.md").symlink_to("payment.md")  # leads to itself: even root cannot read it
    assert (await recheck(knowledge)).gone == []
