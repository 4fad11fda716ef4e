"""The record of questions to other agents."""

from __future__ import annotations

from pathlib import Path

import pytest
from sanca.a2a import TaskBook
from sanca.a2a.task_book import CANCELLED, OVER, SentTask
from sanca.core.errors import StoreError


def task(task_id: str = "t1", user: str = "ann", asked: str = "the secret plan") -> SentTask:
    return SentTask("agents.a", task_id, "acme", user, "ses", "run", asked=asked)


def test_nothing_is_made_before_anything_is_kept(tmp_path: Path) -> None:
    book = TaskBook(tmp_path)
    assert (book.due("agents.a"), book.find("agents.a", "t", "acme", "ann"), book.exists) == ([], None, False)
    book.forget_user("acme", "ann")
    assert list(tmp_path.iterdir()) == []


def test_what_is_out_is_there_again_after_a_restart_and_for_its_user_alone(tmp_path: Path) -> None:
    TaskBook(tmp_path).add(task(), 60)
    book = TaskBook(tmp_path)
    assert [one.task_id for one in book.due("agents.a")] == ["t1"]
    assert book.due("agents.b") == []
    assert book.find("agents.a", "t1", "acme", "bob") is None
    assert (tmp_path / "agent_tasks.db").stat().st_mode & 0o777 == 0o600


def test_an_answer_after_a_cancel_is_not_kept_and_the_words_are_forgotten(tmp_path: Path) -> None:
    book = TaskBook(tmp_path)
    book.add(task(), 60)
    book.end(task(), CANCELLED)
    book.set_reply(task(), "{}")
    found = book.find("agents.a", "t1", "acme", "ann")
    assert found is not None
    assert (found.state, found.asked, found.reply) == (CANCELLED, "", "")


def test_a_task_that_is_over_can_be_asked_again_and_one_that_is_out_cannot_be_taken_over(tmp_path: Path) -> None:
    book = TaskBook(tmp_path)
    book.add(task(), 60)
    book.add(task(user="mallory", asked="mine now"), 60)
    assert [one.user for one in book.due("agents.a")] == ["ann"]
    book.end(task(), OVER)
    book.add(task(asked="and now?"), 60)
    assert [one.asked for one in book.due("agents.a")] == ["and now?"]


def test_a_user_s_questions_are_shown_and_forgotten_bytes_included(tmp_path: Path) -> None:
    book = TaskBook(tmp_path)
    book.add(task(), 60)
    book.add(task("t2", "bob", "other words"), 60)
    assert [one.asked for one in book.of_user("acme", "ann")] == ["the secret plan"]
    book.forget_user("acme", "ann")
    assert [one.user for one in book.due("agents.a")] == ["bob"]
    assert all(b"secret plan" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "agent_tasks.db").write_text("no database, but long enough to be taken for one " * 20)
    with pytest.raises(StoreError, match=r"agent_tasks\.db' refused"):
        TaskBook(tmp_path).due("agents.a")
