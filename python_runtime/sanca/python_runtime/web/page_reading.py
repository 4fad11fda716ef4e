"""Makes a page readable: HTML, PDF, JSON and text become plain Markdown with links. Fetches nothing.

Runs in a process of its own (`page_process`): a page is a stranger's, and parsing a hostile one takes as long as it
likes. BeautifulSoup's own parser is Python all through. On nine pages (docs of Rust, Node, npm, Go, Valgrind, libxslt,
a Chinese article) extractors that judge what the main text is (trafilatura, readability) lost code blocks, headings or
half of the page; choosing `main`, and dropping what is named as something else, lost nothing.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin

from sanca.core.untrusted import plain_text
from sanca.python_runtime.web.decoding import Kind, decode

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag

_LINKS_MOST = 200
_SECTIONS_MOST = 200
_PAGES_MOST = 500
_TITLE_CHARS = 300
_URL_CHARS = 2_000
_MAIN_CHARS = 200
"""A `main` with less text than this is an empty frame that a script fills."""
_NOT_TEXT = (
    "script", "style", "noscript", "template", "head", "iframe", "object", "svg", "canvas", "audio", "video", "form",
    "button", "select", "input", "nav", "footer", "aside", "dialog", "menu",
)  # fmt: skip
_ASIDE_ROLES = frozenset({"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alert", "menu"})
_ASIDE_NAMES = re.compile(
    r"(?:^|[-_ ])(?:nav|navbar|navigation|menu|sidebar|side-bar|breadcrumbs?|footer|cookies?|consent|banner|advert|"
    r"advertisement|ads?|sponsor(?:ed)?|share|sharing|social|related|recommend(?:ed|ations)?|comments?|popup|modal|"
    r"skip-?link|pagination|toolbar|headerlink)(?:[-_ ]|$)",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$)|"
    r"font-size\s*:\s*0(?:\.0*)?(?:px|em|rem|%|pt)?\s*(?:;|$)",
    re.IGNORECASE,
)
_MOST_OF_PAGE = 0.5
"""What holds more of the text than this is no aside, whatever it is called."""
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")


class UnreadableError(Exception):
    """The content is not what it was said to be; the message says why."""


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a page."""

    selector: str = ""
    section: str = ""
    begin: int = 0
    max_chars: int = 20_000


@dataclass(frozen=True)
class ReadPage:
    """A page as a model or a person may read it."""

    title: str
    text: str
    links: list[dict[str, str]] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    total_chars: int = 0
    """Of the whole, or of the section or selection."""


def read_page(data: bytes, kind: Kind, media_type: str, url: str, wanted: Wanted) -> ReadPage:
    """Return the readable part of a page.

    Raises:
        UnreadableError: It is broken, or has no such section or selection.
    """
    title, text, links = _READERS[kind](data, media_type, url, wanted)
    text = plain_text(text, max(len(text), 1))
    sections = _sections(text) if kind in {"html", "text"} else []
    if wanted.section:
        text = _section(text, wanted.section, sections)
    piece = text[wanted.begin : wanted.begin + wanted.max_chars]
    kept = [
        {"text": plain_text(words, 200), "url": target} for target, words in links.items() if len(target) <= _URL_CHARS
    ]
    return ReadPage(
        title=plain_text(" ".join(title.split()), _TITLE_CHARS) or next(iter(sections), ""),
        text=piece,
        links=kept[:_LINKS_MOST],
        sections=sections[:_SECTIONS_MOST],
        total_chars=len(text),
    )


_Read = tuple[str, str, dict[str, str]]


def _html(data: bytes, media_type: str, url: str, wanted: Wanted) -> _Read:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(decode(data, media_type), "html.parser")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    base = soup.find("base", href=True)
    url = urljoin(url, str(base["href"])) if base else url
    parts = _selected(soup, wanted.selector) if wanted.selector else [_main(soup)]
    for part in parts:
        _drop_asides(part, keeps_all=bool(wanted.selector))
    links = _absolute_links(parts, url)
    return title, "\n\n".join(map(_markdown, parts)), links


def _selected(soup: BeautifulSoup, selector: str) -> list[Any]:
    from soupsieve import SelectorSyntaxError

    try:
        found = soup.select(selector, limit=50)
    except (SelectorSyntaxError, NotImplementedError, ValueError) as error:
        raise UnreadableError(f"{selector!r} is no CSS selector: {str(error).splitlines()[0]}") from error
    if not found:
        raise UnreadableError(f"the page has nothing that fits the selector {selector!r}")
    outer = [one for one in found if not any(parent in found for parent in one.parents)]
    return list(outer)


def _main(soup: BeautifulSoup) -> Any:
    """Return what the page itself calls its main part; the page where it names none, or several."""
    for selector in ("main", "[role=main]", "article"):
        found = soup.select(selector, limit=2)
        if len(found) == 1 and len(found[0].get_text(strip=True)) >= _MAIN_CHARS:
            return found[0]
    return soup.body or soup


def _drop_asides(part: Any, *, keeps_all: bool) -> None:
    """Take out what is no text, what is hidden from a reader, and what is named as something beside the text."""
    from bs4 import Comment

    for comment in part.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in part.find_all(_NOT_TEXT[:12] if keeps_all else _NOT_TEXT):
        tag.decompose()
    most = len(part.get_text()) * _MOST_OF_PAGE
    beside = [
        tag
        for tag in part.find_all(True)
        if _is_hidden(tag) or (not keeps_all and _is_aside(tag) and len(tag.get_text()) <= most)
    ]
    for tag in beside:  # not as they are found: asking a tag whether it is still there costs a search through it
        tag.decompose()


def _is_hidden(tag: Tag) -> bool:
    attributes = tag.attrs or {}
    return (
        "hidden" in attributes
        or str(attributes.get("aria-hidden", "")).lower() == "true"
        or _HIDDEN.search(str(attributes.get("style", ""))) is not None
    )


def _is_aside(tag: Tag) -> bool:
    attributes = tag.attrs or {}
    if attributes.get("role") in _ASIDE_ROLES or (tag.name == "header" and not tag.find(["h1", "h2"])):
        return True
    named: Any = attributes.get("class") or []
    names = [*(named if isinstance(named, list) else [str(named)]), str(attributes.get("id", ""))]
    return tag.name in {"div", "section", "ul", "ol", "header", "p", "a"} and any(map(_ASIDE_NAMES.search, names))


def _absolute_links(parts: list[Any], url: str) -> dict[str, str]:
    """Make links absolute and return them with their words; what leads to no page loses its link."""
    links: dict[str, str] = {}
    for part in parts:
        for tag in part.find_all("a", href=True):
            target = _absolute(url, str(tag["href"]))
            if not target or urldefrag(target)[0] == urldefrag(url)[0]:
                tag.unwrap()
                continue
            tag["href"] = target
            del tag["title"]
            links.setdefault(target, tag.get_text(" ", strip=True))
        for tag in part.find_all("img"):
            tag.replace_with(f"[image: {tag['alt']}]" if tag.get("alt") else "")
    return links


def _absolute(url: str, target: str) -> str:
    try:
        found = urljoin(url, target.strip())
    except ValueError:
        return ""
    return found if found.startswith(("http://", "https://")) and "@" not in found.partition("://")[2][:200] else ""


def _markdown(part: Any) -> str:
    from markdownify import MarkdownConverter

    converter = MarkdownConverter(
        heading_style="ATX", escape_underscores=False, escape_asterisks=False, escape_misc=False, bullets="-"
    )
    text = re.sub(r"[ \t]+\n", "\n", converter.convert_soup(part).replace("\xa0", " "))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _pdf(data: bytes, media_type: str, url: str, wanted: Wanted) -> _Read:
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("the PDF is protected by a password")
        title = str((reader.metadata and reader.metadata.title) or "")
        pages, chars = [], 0
        for number, page in enumerate(reader.pages[:_PAGES_MOST], 1):
            text = page.extract_text().strip()
            pages.append(f"[page {number}]\n{text}")
            chars += len(text)
            if chars > wanted.begin + wanted.max_chars and not wanted.section:
                pages += [f"[{len(reader.pages) - number} more pages]"] if number < len(reader.pages) else []
                break
    except UnreadableError:
        raise
    except Exception as error:  # whatever a hostile or broken file raises in it means the same to who reads it
        raise UnreadableError("the PDF is broken") from error
    return title, "\n\n".join(pages), {}


def _text(data: bytes, media_type: str, url: str, wanted: Wanted) -> _Read:
    return "", decode(data, media_type).replace("\r\n", "\n").replace("\r", "\n"), {}


_READERS = {"html": _html, "pdf": _pdf, "json": _text, "text": _text}


def _headings(text: str) -> list[tuple[int, int, str]]:
    """Return line, level and words of each heading; what stands in a code block is none."""
    found, in_code = [], False
    for number, line in enumerate(text.split("\n")):
        if _FENCE.match(line):
            in_code = not in_code
        elif not in_code and (heading := _HEADING.match(line)):
            found.append((number, len(heading[1]), _words(heading[2])))
    return found


def _words(heading: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", lambda found: found[1] or "", heading).strip(" ¶#§")


def _sections(text: str) -> list[str]:
    return list(dict.fromkeys(words[:200] for _, _, words in _headings(text) if words))


def _section(text: str, section: str, sections: list[str]) -> str:
    """Return a heading and what stands under it, up to the next one of its level."""
    headings, asked = _headings(text), section.strip(" #").casefold()
    for fits in (lambda words: words.casefold() == asked, lambda words: asked in words.casefold()):
        for place, (line, level, words) in enumerate(headings):
            if fits(words):
                end = next((other for other, its, _ in headings[place + 1 :] if its <= level), None)
                return "\n".join(text.split("\n")[line:end]).strip()
    there = "; ".join(sections[:30]) or "none"
    raise UnreadableError(f"the page has no section {section!r}; there are: {there}")
