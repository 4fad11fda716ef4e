"""Takes secrets and personal data out of what toolkits send to somebody who is not trusted. Sends nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread

if TYPE_CHECKING:
    from sanca.core.memory import Masker


class OutgoingMasks:
    """Masks as memory does. Loaded with the first use: a broker without such agents does not pay for it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._masker: Masker | None = None

    async def masked(self, value: Any) -> Any:  # a JSON value of any shape
        """Return a text or JSON value without secrets and personal data."""
        return await anyio.to_thread.run_sync(self._mask, value)

    def _mask(self, value: Any) -> Any:
        masker = self._made()
        return masker.mask(value) if isinstance(value, str) else masker.mask_data({"": value})[""]

    def _made(self) -> Masker:
        with self._lock:
            if self._masker is None:
                from sanca.memory.care.masking import make_masker
                from sanca.memory.settings import MemorySettings

                # Not as the operator set it for memory: what leaves the house is masked whatever is kept in it.
                settings = MemorySettings().model_copy(update={"mask_secrets": True, "mask_personal": "all"})
                self._masker = make_masker(settings, self._home)
            return self._masker
