"""Documents of every kind, cut by their structure. The files are made here, by what people make them with."""

from __future__ import annotations

import io
import time
import zipfile

import pytest
from sanca.core.errors import DocumentError
from sanca.memory.knowledge.kinds import kind_of
from sanca.memory.knowledge.pieces import MOST_CHARS, TABLE_CHARS, Piece, ReadDocument
from sanca.memory.knowledge.reader import DocumentReader
from sanca.memory.knowledge.reading import read_document

PYTHON = '''"""Orders."""

import json

LIMIT = 5


@cached
def total(order: Order, *, tax: float = 0.2) -> float:
    """Return what an order costs.

    With tax.
    """
    return sum(line.price for line in order.lines) * (1 + tax)


class Basket:
    """What a customer chose."""

    def add(self, item: str) -> None:
        self.items.append(item)
'''


def read(name: str, content: bytes | str, media_type: str = "") -> ReadDocument:
    kind = kind_of(name, media_type)
    assert kind is not None
    return read_document(content.encode() if isinstance(content, str) else content, kind, name)


def headings(document: ReadDocument) -> list[str]:
    return [piece.heading for piece in document.pieces]


def lines_of(text: str, piece: Piece) -> str:
    return "\n".join(text.split("\n")[piece.first_line - 1 : piece.last_line])


def test_markdown_is_cut_by_headings_and_every_piece_knows_its_lines() -> None:
    text = "# Shop\n\nWhat it sells.\n\n## Payment\n\n### Port\n\n8082\n\n## Orders\n\n- one\n- two\n"
    document = read("shop.md", text)
    assert document.title == "Shop"
    assert headings(document) == ["Shop", "Shop > Payment > Port", "Shop > Orders"]
    assert [lines_of(text, piece) for piece in document.pieces] == ["What it sells.", "8082", "- one\n- two"]


def test_a_heading_in_a_code_block_is_no_heading() -> None:
    document = read("shell.md", "# Restart\n\n```sh\n# not a heading\nsystemctl restart payment\n```\n")
    assert headings(document) == ["Restart"]
    assert document.pieces[0].kind == "code"


def test_tables_stay_whole_and_long_ones_repeat_their_head() -> None:
    head = "| service | port |\n| --- | --- |\n"
    short = head + "".join(f"| service-{number} | {8000 + number} |\n" for number in range(80))
    assert len(read("ports.md", short).pieces) == 1
    long = head + "".join(f"| service-{number} | {8000 + number} |\n" for number in range(400))
    pieces = read("ports.md", long).pieces
    assert len(pieces) > 3
    assert all(piece.text.startswith("| service | port |\n| --- | --- |\n| service-") for piece in pieces)
    rows = [line for piece in pieces for line in piece.text.split("\n")[2:]]
    assert rows == long.strip().split("\n")[2:]
    assert all(len(piece.text) <= TABLE_CHARS for piece in pieces)


@pytest.mark.parametrize("name", ["prose.md", "prose.txt"])
def test_long_prose_is_cut_between_sentences_and_nothing_is_lost(name: str) -> None:
    sentences = [f"Sentence number {number} says something of its own." for number in range(200)]
    pieces = read(name, " ".join(sentences)).pieces
    assert len(pieces) > 5
    assert all(len(piece.text) <= MOST_CHARS for piece in pieces)
    assert " ".join(piece.text for piece in pieces) == " ".join(sentences)


def test_chinese_prose_without_blanks_is_cut_between_its_sentences() -> None:
    text = "".join(f"第{number}条规定：服务重启前必须先通知值班人员。" for number in range(200))
    pieces = read("规定.txt", text).pieces
    assert len(pieces) > 2 and all(piece.text.endswith("。") for piece in pieces)
    assert "".join(piece.text for piece in pieces) == text


def test_front_matter_is_kept_as_settings() -> None:
    document = read("payment.md", "---\nowner: till\nversion: 2.1.0\n---\n# Payment\n\nText.\n")
    assert document.title == "Payment"
    assert (document.pieces[0].kind, document.pieces[0].text) == ("settings", "owner: till\nversion: 2.1.0")
    assert document.pieces[1].first_line == 7


def test_runbooks_are_known_by_their_name_or_their_sections() -> None:
    assert read("runbooks/payment.md", "# Payment\n\nText.\n").is_runbook
    assert read("payment.md", "# Payment\n\n## Symptoms\n\nSlow.\n\n## Rollback\n\nDeploy.\n").is_runbook
    assert read("支付.md", "# 支付\n\n## 现象\n\n慢。\n\n## 处理步骤\n\n重启。\n").is_runbook
    assert not read("payment.md", "# Payment\n\n## Features\n\nCards.\n").is_runbook


def test_html_is_read_as_a_person_sees_it() -> None:
    page = (
        "<html><head><title>Shop wiki</title><style>p{}</style></head><body><nav>Home</nav><h1>Payment</h1>"
        "<p>Listens on <b>port 8082</b>.</p><script>alert('x')</script>"
        "<table><tr><th>service</th><th>port</th></tr><tr><td>payment</td><td>8082</td></tr></table></body></html>"
    )
    document = read("page.html", page)
    text = "\n".join(piece.text for piece in document.pieces)
    assert document.title == "Payment"
    assert "port 8082" in text and "| payment | 8082 |" in text
    assert "alert" not in text and "p{}" not in text and "Home" not in text
    assert all(piece.first_line == 0 for piece in document.pieces)


def docx(paragraphs: str) -> bytes:
    """Return a Word document, as small as one can be."""
    files = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml'
        '.document.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body>{paragraphs}</w:body></w:document>",
        "word/styles.xml": '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        '<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style></w:styles>',
        "word/_rels/document.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        'relationships"><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/styles" Target="styles.xml"/></Relationships>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made.getvalue()


def test_word_documents_are_read_with_headings_and_tables() -> None:
    row = (
        "<w:tr><w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc></w:tr>"
    )
    document = read(
        "handbook.docx",
        docx(
            '<w:p><w:pPr><w:pStyle w:val="H1"/></w:pPr><w:r><w:t>Payment</w:t></w:r></w:p>'
            "<w:p><w:r><w:t>Ask the till team.</w:t></w:r></w:p>"
            f"<w:tbl>{row.format('service', 'port')}{row.format('payment', '8082')}</w:tbl>"
        ),
    )
    assert document.title == "Payment"
    text = "\n".join(piece.text for piece in document.pieces)
    assert "Ask the till team." in text and "8082" in text


def pdf(*pages: str) -> bytes:
    """Return a PDF with a line of text a page."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode() if text else b""
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (5 + 2 * number)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    made = io.BytesIO(b"%PDF-1.4\n")
    made.seek(0, 2)
    places = []
    for number, content in enumerate(objects, 1):
        places.append(made.tell())
        made.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = made.tell()
    made.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        made.write(b"%010d 00000 n \n" % place)
    made.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return made.getvalue()


def test_pdf_pieces_know_their_page_and_pages_without_text_are_told() -> None:
    document = read("manual.pdf", pdf("The payment port is 8082.", "", "Ask the till team."))
    assert [(piece.page, piece.text.strip()) for piece in document.pieces] == [
        (1, "The payment port is 8082."),
        (3, "Ask the till team."),
    ]
    assert document.remarks == ("1 of its 3 pages have no text (scanned images, perhaps).",)


def test_tables_of_values_become_rows_under_their_head() -> None:
    text = 'service,port,about\npayment,8082,"takes\nmoney"\norders,8081,a|b\n'
    (piece,) = read("ports.csv", text).pieces
    assert piece.text.split("\n") == [
        "| service | port | about |", "|---|---|---|", "| payment | 8082 | takes money |", "| orders | 8081 | a\\|b |",
    ]  # fmt: skip
    assert (piece.first_line, piece.last_line, piece.kind) == (2, 4, "table")


def test_settings_are_cut_between_their_outermost_keys() -> None:
    text = "".join(f"service{number}:\n" + f"  port: {8000 + number}\n" + "  note: x\n" * 30 for number in range(8))
    pieces = read("services.yaml", text).pieces
    assert len(pieces) > 1
    assert all(piece.text.startswith("service") for piece in pieces)
    assert "\n".join(piece.text for piece in pieces) == text.strip()


def test_json_of_one_line_is_unfolded_and_has_no_lines() -> None:
    pieces = read(
        "data.json", "{" + ",".join(f'"key{number}": {{"port": {number}}}' for number in range(500)) + "}"
    ).pieces
    assert len(pieces) > 5
    assert all(piece.first_line == 0 and len(piece.text) <= MOST_CHARS for piece in pieces)


def test_logs_are_cut_between_lines() -> None:
    text = "".join(f"2026-11-22T10:00:{number % 60:02} ERROR payment timed out {number}\n" for number in range(100))
    pieces = read("app.log", text).pieces
    assert [line for piece in pieces for line in piece.text.split("\n")] == text.strip().split("\n")
    assert lines_of(text, pieces[1]) == pieces[1].text


def test_python_is_cut_by_function_with_signature_and_docstring() -> None:
    document = read("shop/orders.py", PYTHON)
    assert headings(document) == [
        "shop/orders.py",
        "shop/orders.py: def total(order: Order, *, tax: float = 0.2) -> float: Return what an order costs.",
        "shop/orders.py: class Basket: What a customer chose.",
    ]
    assert document.pieces[1].text.startswith("@cached\ndef total(")
    assert [lines_of(PYTHON, piece) for piece in document.pieces[1:]] == [p.text for p in document.pieces[1:]]


def test_a_large_class_is_cut_by_its_methods() -> None:
    method = "    def method{0}(self) -> int:\n        return " + " + ".join(["{0}"] * 60) + "\n\n"
    text = "class Large:\n    size = 3\n\n" + "".join(method.format(number) for number in range(12))
    found = headings(read("large.py", text))
    assert found[0] == "large.py: class Large"
    assert found[1] == "large.py: class Large > def method0(self) -> int"
    assert len(found) == 13


@pytest.mark.parametrize(
    ("name", "text", "heading"),
    [
        ("A.java", "class A {\n  /** Adds. */\n  int add(int x) { return x; }\n}\n", "A.java: class A"),
        ("a.js", "import b from 'b';\n\n// Doubles.\nexport const twice = (x) => {\n  return x * 2;\n};\n",
         "a.js: export const twice = (x): Doubles."),
        ("a.ts", "export interface Leg {\n  id: string;\n}\n", "a.ts: export interface Leg"),
        ("a.tsx", "export function Card({ title }: Props) {\n  return <p>{title}</p>;\n}\n",
         "a.tsx: export function Card({ title }: Props)"),
        ("a.go", "package a\n\n// Close ends it.\nfunc (s *Store) Close() error { return nil }\n",
         "a.go: func (s *Store) Close() error: Close ends it."),
        ("a.sh", "#!/bin/sh\n\nrestart_payment() {\n  systemctl restart payment\n}\n", "a.sh: restart_payment()"),
        ("a.sql", "-- Orders of a day.\nCREATE VIEW today AS SELECT * FROM orders;\n",
         "a.sql: CREATE VIEW today AS SELECT * FROM orders: Orders of a day."),
    ],
)  # fmt: skip
def test_each_language_is_cut_by_its_definitions(name: str, text: str, heading: str) -> None:
    assert heading in headings(read(name, text))


def test_code_that_does_not_parse_is_kept_whole() -> None:
    text = "def broken(:\n    pass\n\n\nclass {{{ nothing\n"
    pieces = read("broken.py", text).pieces
    assert "".join(piece.text for piece in pieces).replace("\n", "") == text.replace("\n", "")


def test_nothing_of_a_source_file_is_lost() -> None:
    lines = [line for line in PYTHON.split("\n") if line.strip()]
    kept = [line for piece in read("a.py", PYTHON).pieces for line in piece.text.split("\n") if line.strip()]
    assert kept == lines


def test_text_of_another_encoding_is_read_and_told() -> None:
    document = read("说明.txt", "支付服务的端口是八千零八十二，请联系值班人员处理。".encode("gb18030"))
    assert "支付服务的端口" in document.pieces[0].text
    assert document.remarks and document.remarks[0].startswith("It is not UTF-8; it was read as ")


@pytest.mark.anyio
async def test_a_bomb_is_not_unpacked() -> None:
    zeros = b"<w:p><w:r><w:t>" + b" " * 120_000_000 + b"</w:t></w:r></w:p>"
    bomb = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx("")), "r") as small, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        for name in small.namelist():
            content = small.read(name)
            made.writestr(
                name, content.replace(b"<w:body>", b"<w:body>" + zeros) if name.endswith("document.xml") else content
            )
    assert len(bomb.getvalue()) < 1_000_000
    async with DocumentReader(limit_seconds=60) as reader:
        with pytest.raises(DocumentError, match="unpacks to more than a document may hold"):
            await reader.read("bomb.docx", bomb.getvalue())
        after = await reader.read("small.md", b"# Fine\n\nText.\n")
    assert after.title == "Fine"


@pytest.mark.anyio
async def test_reading_that_takes_too_long_is_given_up_and_its_process_ended() -> None:
    async with DocumentReader(limit_seconds=0.01) as reader:
        with pytest.raises(DocumentError, match=r"reading it took longer than 0.01 seconds"):
            await reader.read("small.md", b"# Fine\n\nText.\n")
        assert reader.process_id == 0


@pytest.mark.anyio
async def test_a_file_that_trips_its_parser_is_refused_and_the_next_one_is_read() -> None:
    async with DocumentReader() as reader:
        with pytest.raises(DocumentError, match=r"'deep.html' was not added: "):
            await reader.read("deep.html", b"<div>" * 50_000 + b"deep")
        assert (await reader.read("small.md", b"# Fine\n\nText.\n")).title == "Fine"


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "a " * 200_000, "the max of payment is " * 5_000, "payment.port" * 9_000]
)
def test_text_made_to_be_slow_is_not(text: str) -> None:
    began = time.process_time()
    read("slow.txt", text)
    assert time.process_time() - began < 10


@pytest.mark.anyio
async def test_the_reader_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-the-reader")
    async with DocumentReader() as reader:
        await reader.read("small.md", b"# Fine\n\nText.\n")
        assert reader.process_id
        with open(f"/proc/{reader.process_id}/environ", encoding="utf-8") as file:  # noqa: PTH123, ASYNC230 - not a path of ours
            assert "sk-not-for-the-reader" not in file.read()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
