"""The client of one Elasticsearch: made from settings, its errors turned into ours. Knows no index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import orjson
from sanca.core.errors import ConfigurationError, StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from elasticsearch import ApiError, AsyncElasticsearch
    from sanca.memory.stores.elasticsearch.settings import ElasticsearchSettings

BULK_OPERATIONS = 1_000
BULK_BYTES = 1_000_000
"""How much goes into one bulk request at most, but for a single larger document: bodies of more hold the event loop."""

_LATER = frozenset({408, 429, 502, 503, 504})


class Connection:
    """A client of the cluster. Lifecycle: `open` once, `close` once; requests from many tasks at once."""

    def __init__(self, settings: ElasticsearchSettings) -> None:
        self._settings = settings
        self._client: AsyncElasticsearch | None = None

    @property
    def client(self) -> AsyncElasticsearch:
        """The client; use it within `errors`."""
        if self._client is None:
            raise StoreError("The memory store is not open.")
        return self._client

    async def open(self) -> None:
        """Make the client and see that the cluster answers.

        Raises:
            StoreUnavailableError: It does not.
        """
        self._client = self._made()
        try:
            with self.errors():
                await self._client.cluster.health()  # minimal distributions have no `GET /`
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close it; may be called twice."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _made(self) -> AsyncElasticsearch:
        from elasticsearch import AsyncElasticsearch

        given = self._settings
        options: dict[str, Any] = {"request_timeout": given.timeout_seconds, "max_retries": 0}
        if key := given.api_key.get_secret_value():
            options["api_key"] = key
        elif given.user:
            options["basic_auth"] = (given.user, given.password.get_secret_value())
        if given.ca_file is not None:
            if not given.ca_file.is_file():
                raise ConfigurationError(
                    f"There is no file {str(given.ca_file)!r} with the authority of Elasticsearch's certificate; "
                    "set SANCA_MEMORY_ELASTICSEARCH_CA_FILE to one.",
                    setting="SANCA_MEMORY_ELASTICSEARCH_CA_FILE",
                )
            options["ca_certs"] = str(given.ca_file)
        return AsyncElasticsearch(given.urls, **options)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn the client's errors into ours.

        Raises:
            StoreUnavailableError: No answer, or one that says to come later.
            StoreError: It refuses; says why, and what mends it.
        """
        import elasticsearch as library

        where = ", ".join(self._settings.urls)
        try:
            yield
        except library.ConnectionTimeout as error:
            seconds = self._settings.timeout_seconds
            raise StoreUnavailableError(f"Elasticsearch at {where} did not answer in {seconds:g} seconds.") from error
        except library.SSLError as error:
            raise StoreError(
                f"The certificate of Elasticsearch at {where} is not trusted; set SANCA_MEMORY_ELASTICSEARCH_CA_FILE "
                f"to the authority that signed it ({_first_line(error)})."
            ) from error
        except library.ApiError as error:
            raise self._of_answer(error, where) from error
        except library.TransportError as error:
            raise StoreUnavailableError(
                f"Elasticsearch at {where} cannot be reached; start it, or correct SANCA_MEMORY_ELASTICSEARCH_URL."
            ) from error

    def _of_answer(self, error: ApiError, where: str) -> StoreError:
        status, reason = error.meta.status, reason_of(error.body)
        if status == 401:
            return StoreError(
                f"Elasticsearch at {where} does not know who asks; set SANCA_MEMORY_ELASTICSEARCH_API_KEY, "
                "or ..._USER and ..._PASSWORD."
            )
        if "cluster_block_exception" in str(error.body) or status in _LATER:
            return StoreUnavailableError(f"Elasticsearch at {where} takes nothing now ({reason}).")
        if status == 403:
            return StoreError(
                f"Elasticsearch at {where} forbids it ({reason}); "
                f"give the API key the rights on '{self._settings.prefix}-*' that docs/guides/elasticsearch.md lists."
            )
        return StoreError(f"Elasticsearch at {where} refused ({status}: {reason}).")

    async def bulk(self, index: str, operations: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]]) -> list[
        dict[str, Any]
    ]:  # fmt: skip
        """Send actions, each with its document or None, in pieces; return one answer each, in order.

        Raises:
            StoreError: One was refused for another reason than a conflict or a document that is not there.
        """
        answers: list[dict[str, Any]] = []
        for lines in _pieces(operations):
            with self.errors():
                reply = await self.client.bulk(index=index, operations=cast("Any", lines))
            answers += [next(iter(item.values())) for item in reply["items"]]
        for answer in answers:
            if answer["status"] >= 400 and answer["status"] not in (404, 409):
                reason = reason_of({"error": answer["error"]})
                kind = StoreUnavailableError if answer["status"] in _LATER else StoreError
                raise kind(f"Elasticsearch did not keep a record ({answer['status']}: {reason}).")
        return answers


def reason_of(body: Any) -> str:
    """Return why Elasticsearch refused, in its own words, shortened."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        cause = (error.get("root_cause") or [error])[0]
        error = cause.get("reason") or cause.get("type") or error.get("type")
    return _first_line(error)


def _first_line(value: object) -> str:
    return (str(value).strip().splitlines() or [""])[0][:300]


def _pieces(operations: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]]) -> Iterator[list[bytes]]:
    """Yield the lines of one bulk request after the other."""
    piece: list[bytes] = []
    count = size = 0
    for operation in operations:
        lines = [_line(part) for part in operation if part is not None]
        more = sum(len(line) for line in lines)
        if piece and (count >= BULK_OPERATIONS or size + more > BULK_BYTES):
            yield piece
            piece, count, size = [], 0, 0
        piece += lines
        count, size = count + 1, size + more
    if piece:
        yield piece


def _line(part: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(part)
    except orjson.JSONEncodeError as error:
        raise StoreError(f"What is to be kept cannot be written as JSON ({error}); send whole Unicode.") from error
