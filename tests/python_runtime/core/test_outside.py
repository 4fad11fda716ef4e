"""Addresses of the outside: which may be called, and that a connection goes nowhere else."""

from __future__ import annotations

import random
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
from anyio.abc import SocketStream
from pydantic import ValidationError
from sanca.core.errors import AddressRefusedError, ConfigurationError
from sanca.core.outside import OutsideAddresses, OutsideSettings, outside_client, outside_client_httpx2

_PUBLIC = "93.184.216.34"

INNER = [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",  # noqa: S104
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "198.18.0.1", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::5db8:d822", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
    "2001:10::1", "2002:7f00:1::", "2002:5db8:d822::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fec0::1", "ff02::1", "2a00:1450:4001:81b:0:5efe:7f00:1", "2a00:1450:4001:81b:200:5efe:a00:1",
]  # fmt: skip
OUTER = ["93.184.216.34", "8.8.8.8", "223.5.5.5", "192.0.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]


def _resolver(*answers: Sequence[str]) -> tuple[Callable[[str, int], object], list[str]]:
    """Answer the first question with the first answer, and so on; the last answer stays."""
    left, asked = list(answers), []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve, asked


def _policy(*answers: Sequence[str], allowing: str = "") -> OutsideAddresses:
    resolve, _ = _resolver(*answers or ([_PUBLIC],))
    return OutsideAddresses(OutsideSettings(addresses=allowing), resolve)  # type: ignore[arg-type] # as an environment


@asynccontextmanager
async def _server(
    answer: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server of this machine: gives its port and what it was sent."""
    got: list[bytes] = []

    async def serve(stream: SocketStream) -> None:
        async with stream:
            got.append(await stream.receive())
            await stream.send(answer)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield listener.extra(anyio.abc.SocketAttribute.local_port), got  # noqa: S610 - no Django here
        tasks.cancel_scope.cancel()


@pytest.mark.anyio
@pytest.mark.parametrize("address", INNER)
async def test_an_inner_address_is_refused_as_it_is_and_behind_a_name(address: str) -> None:
    written = f"[{address}]" if ":" in address else address
    with pytest.raises(AddressRefusedError, match="no public address"):
        await _policy().check(f"https://{written}/x")
    with pytest.raises(AddressRefusedError, match="no public address"):
        await _policy([address]).check("https://some.example/x")
    with pytest.raises(AddressRefusedError, match="no public address"):
        await _policy([_PUBLIC, address]).check("https://some.example/x")


@pytest.mark.anyio
@pytest.mark.parametrize("address", OUTER)
async def test_a_public_address_may_be_called(address: str) -> None:
    written = f"[{address}]" if ":" in address else address
    await _policy().check(f"http://{written}:8080/x")
    await _policy([address]).check("https://some.example/x")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/", "http://134744072/", "http://0x7f000001/", "http://0x08.8.8.8/", "http://010.8.8.8/",
        "http://8.8.2056/", "http://127.1/", "http://0/", "http://1.2.3.4.5/", "http://[fe80::1%25eth0]/",
        "http://[::ffff:7f00:1]/", "http://①②⑦.0.0.1/", "http://127。0。0。1/", "http://8.8.8.0x8/",
        "http://user@some.example/", "http://user:secret@some.example/", "http://@some.example@127.0.0.1/",
        "ftp://some.example/", "file:///etc/passwd", "gopher://some.example/", "//some.example/", "some.example", "",
        "http://", "http:///path", "javascript:alert(1)", "http://some.example:22/", "http://some.example:25/",
        "http://some.example:6000/", "http://some.example:0/", "http://some.example:99999/", "http://some.example:x/",
        "http://some\r\n.example/", "http://some.example\\@127.0.0.1:1/", "http://" + "a" * 400 + ".example/",
        "unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/x",
    ],
)  # fmt: skip
async def test_an_oddly_written_address_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(AddressRefusedError) as refused:
        await _policy().check(url)
    assert "secret" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.anyio
async def test_whatever_is_written_is_checked_or_refused() -> None:
    pieces = [
        *(
            "http://",
            "https://",
            "//",
            "[",
            "]",
            "::1",
            "127.0.0.1",
            "%00",
            "@",
            ":",
            "/",
            "?",
            "#",
            "\\",
            "\n",
            "。",
            "①",
        ),
        *(
            "xn--",
            "xn--a-",
            "例え",
            "0x7f",
            "..",
            "a" * 70,
            "\u202e",
            "\ud800",
            "%zz",
            "65536",
            "-1",
            "é",
            "_",
            "1e3",
            "٣",
        ),
        *("8.8.8.8", "example.com", "[::ffff:1.2.3.4]"),
    ]
    chance = random.Random(8)  # noqa: S311 - no secret; the same every time
    policy, said = _policy(), []
    for _ in range(1_000):
        url = "http://" + "".join(chance.choice(pieces) for _ in range(chance.randint(1, 5)))
        try:
            await policy.check(url)
        except AddressRefusedError as refused:
            said.append(str(refused))
    assert 600 < len(said) < 1_000
    assert max(map(len, said)) < 400


@pytest.mark.anyio
async def test_a_name_that_is_not_there_is_refused_in_the_words_of_an_inner_one() -> None:
    said = []
    for answer in ([], ["10.0.0.1"], ["fe80::1%eth0"], ["nonsense"]):
        with pytest.raises(AddressRefusedError) as refused:
            await _policy(answer).check("http://some.example/")
        said.append(str(refused.value))
    assert len(set(said)) == 1


@pytest.mark.anyio
async def test_a_name_server_that_never_answers_is_not_waited_for() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        await anyio.sleep_forever()
        return []

    policy = OutsideAddresses(OutsideSettings(connect_seconds=0.05), resolve)
    with anyio.fail_after(5), pytest.raises(AddressRefusedError):
        await policy.check("http://some.example/")


@pytest.mark.anyio
async def test_the_machines_own_names_are_resolved_and_refused() -> None:
    for host in ("localhost", "LOCALHOST.", "ip6-localhost"):
        with pytest.raises(AddressRefusedError):
            await OutsideAddresses(OutsideSettings()).check(f"http://{host}:8080/")


@pytest.mark.anyio
@pytest.mark.parametrize("make", [outside_client, outside_client_httpx2])
async def test_a_name_that_turns_inward_after_the_check_reaches_nothing(make: Callable[..., object]) -> None:
    policy = _policy([_PUBLIC], ["127.0.0.1"])
    async with _server() as (port, got), make(policy) as client:  # type: ignore[attr-defined] # either library's
        url = f"http://rebinding.example:{port}/"
        await policy.check(url)
        with anyio.fail_after(5), pytest.raises(AddressRefusedError):
            await client.get(url)
        assert got == []


@pytest.mark.anyio
@pytest.mark.parametrize("make", [outside_client, outside_client_httpx2])
async def test_the_connection_goes_to_the_checked_address_under_the_name(make: Callable[..., object]) -> None:
    resolve, asked = _resolver(["127.0.0.1"], [_PUBLIC])
    policy = OutsideAddresses(OutsideSettings(addresses="127.0.0.0/8"), resolve)  # type: ignore[arg-type] # environment
    async with _server() as (port, got), make(policy) as client:  # type: ignore[attr-defined] # either library's
        answer = await client.get(f"http://site.example:{port}/page")
    assert answer.text == "hi"
    assert asked == ["site.example"]
    assert f"host: site.example:{port}".encode() in got[0].lower()


@pytest.mark.anyio
async def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    async with (
        _server() as (port, _),
        outside_client(_policy(["::1", "127.0.0.1"], allowing="::1,127.0.0.1")) as client,
    ):
        with anyio.fail_after(5):
            assert (await client.get(f"http://site.example:{port}/")).text == "hi"


@pytest.mark.anyio
async def test_a_redirect_inward_reaches_nothing() -> None:
    async with _server() as (inner, got):
        answer = f"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{inner}/\r\ncontent-length: 0\r\n\r\n".encode()
        async with _server(answer) as (outer, _):
            policy = _policy(allowing=f"127.0.0.1:{outer}")
            async with outside_client(policy, redirects=3) as client:
                with pytest.raises(AddressRefusedError):
                    await client.get(f"http://127.0.0.1:{outer}/")
            async with outside_client(policy) as client:
                assert (await client.get(f"http://127.0.0.1:{outer}/")).status_code == 302
        assert got == []


@pytest.mark.anyio
async def test_redirects_without_end_are_not_followed() -> None:
    async with _server(b"HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n") as (port, got):
        async with outside_client(_policy(allowing=f"127.0.0.1:{port}"), redirects=3) as client:
            with pytest.raises(httpx.TooManyRedirects):
                await client.get(f"http://127.0.0.1:{port}/")
        assert len(got) == 4


@pytest.mark.anyio
async def test_the_settings_of_the_environment_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async with _server() as (proxy, got), _server() as (port, _):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        async with outside_client(_policy(allowing=f"127.0.0.1:{port}")) as client:
            assert (await client.get(f"http://127.0.0.1:{port}/")).text == "hi"
        assert got == []


@pytest.mark.anyio
async def test_tls_is_asked_for_under_the_name_and_a_wrong_certificate_is_not_taken() -> None:
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no Django here

    async def serve(stream: SocketStream) -> None:
        async with stream:
            with pytest.raises((ssl.SSLError, anyio.BrokenResourceError)):
                await anyio.streams.tls.TLSStream.wrap(stream, server_side=True, ssl_context=context)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        async with outside_client(_policy(["127.0.0.1"], allowing="127.0.0.1")) as client:
            with anyio.fail_after(5), pytest.raises(httpx.ConnectError):
                await client.get(f"https://site.example:{port}/")
        tasks.cancel_scope.cancel()
    assert asked == ["site.example"]


@pytest.mark.anyio
async def test_an_exception_holds_for_its_place_only() -> None:
    policy = _policy(["127.0.0.1"], allowing="localhost:8080, [::1]:22, 10.20.0.0/16")
    await policy.check("http://localhost:8080/")
    await policy.check("http://[::1]:22/")
    await policy.check("http://10.20.3.4/")
    for url in ("http://localhost:8081/", "http://127.0.0.1:8080/", "http://other.example:8080/", "http://10.21.0.1/"):
        with pytest.raises(AddressRefusedError):
            await policy.check(url)


@pytest.mark.parametrize("wrong", ["localhost", "localhost:0", ":80", "10.0.0.0/33", "host:http", "10.0.0.1/8"])
def test_an_exception_of_another_form_is_an_error_that_names_it(wrong: str) -> None:
    with pytest.raises(ValidationError, match="neither host:port nor a network"):
        OutsideSettings(addresses=wrong)  # type: ignore[arg-type] # as an environment gives it


def test_a_wrong_setting_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ADDRESSES": "wiki.corp", "WAIT_SECONDS": "long"}.items():
        with monkeypatch.context() as patch:
            patch.setenv(f"SANCA_OUTSIDE_{name}", value)
            with pytest.raises(ConfigurationError, match=f"SANCA_OUTSIDE_{name} is not right") as wrong:
                OutsideAddresses()
        assert wrong.value.setting == f"SANCA_OUTSIDE_{name}"
