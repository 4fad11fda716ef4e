"""Gives records the vectors they lack, in the background: after a change of embedder, an edit, or a lost endpoint.

Nothing is noted of how far it came: the store knows which records lack vectors, so it may be stopped at any time.
"""

from __future__ import annotations

import time

import anyio
import structlog
from sanca.core.errors import StoreError
from sanca.core.memory import Embedder, RecordStore

log = structlog.get_logger()

_BATCH = 64
_LOOK_SECONDS = 30.0
_LONGEST_WAIT_SECONDS = 600.0
_SHARE_OF_TIME = 0.25
"""How much of the time it works while there is work: those who talk go first."""


class CatchingUp:
    """Works through what lacks vectors.

    Lifecycle: `keep` runs until it is cancelled; `run_once` may be called by itself, but not while `keep` runs.
    """

    def __init__(self, store: RecordStore, embedder: Embedder, *, share_of_time: float = _SHARE_OF_TIME) -> None:
        """Take what it works with; `share_of_time`, in (0, 1], is how much of the time it works."""
        self._store = store
        self._embedder = embedder
        self._share = share_of_time

    async def keep(self) -> None:
        """Catch up now and whenever something lacks vectors again; waits longer while store or endpoint are away."""
        wait = _LOOK_SECONDS
        while True:
            try:
                done = await self.run_once()
                wait = _LOOK_SECONDS
                if done:
                    log.info("embeddings_caught_up", records=done, embedder=self._embedder.name)
            except StoreError as error:
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
                log.warning("embeddings_put_off", reason=str(error), again_in_seconds=wait)
            await anyio.sleep(wait)

    async def run_once(self) -> int:
        """Give vectors to all that lack them; return how many got one.

        Raises:
            StoreError: Store or endpoint do not answer, or refuse; what was done stays done.
        """
        done = 0
        before: set[tuple[str, int]] = set()
        while records := await self._store.without_vectors(self._embedder.name, _BATCH):
            seen = {(f"{record.tenant}\n{record.key.model_dump_json()}", record.revision) for record in records}
            if seen <= before:  # those cannot be given one, for instance because they change all the time
                return done
            since = time.monotonic()
            vectors = await self._embedder.embed([record.text for record in records])
            await self._store.set_vectors(records, vectors, self._embedder.name)
            done += len(records)
            before = seen
            await anyio.sleep((time.monotonic() - since) * (1 / self._share - 1))
        return done
