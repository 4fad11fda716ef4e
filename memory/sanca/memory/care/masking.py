"""The masker: takes secrets and personal data out of texts and JSON before they are kept. Knows no store and no layer.

A mask tells what stood there and carries six hexadecimal digits, keyed by the installation: two mentions of one secret
have the same digits, and nobody without this installation's salt can try words against them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sanca.memory.care.findings import MASK, Finding, settled
from sanca.memory.care.salt import installation_salt

if TYPE_CHECKING:
    from sanca.core.memory import Masker
    from sanca.memory.settings import MemorySettings

_DEEPEST = 64
"""JSON nested deeper is masked as one text."""
_LOOKS = 4
"""A mask is the end of a word and so can bring to light what stood beside it: looked again until nothing is found."""
_LONG_NUMBER = 10**10


def make_masker(settings: MemorySettings, home: Path | None = None, *, own_words: bool = False) -> Masker:
    """Return the masker that the settings ask for.

    Args:
        settings: What is masked (`mask_secrets`, `mask_personal`).
        home: The state folder, whose salt keys the fingerprints; None: they compare within this process only.
        own_words: For what a user says in a session: personal data stays unless `mask_personal` is `all`, so that
            the next message can still use the address or number that this one gave. Secrets are masked all the same.

    Raises:
        StoreError: The salt in the state folder cannot be used.
    """
    personal = settings.mask_personal == "all" or (settings.mask_personal == "long_term" and not own_words)
    salt = installation_salt(home) if home else secrets.token_bytes(32)
    return TextMasker(salt, masks_secrets=settings.mask_secrets, masks_personal=personal)


class TextMasker:
    """A `Masker`. Safe to use from many threads; the first use compiles its patterns (a third of a second)."""

    def __init__(self, salt: bytes, *, masks_secrets: bool = True, masks_personal: bool = True) -> None:
        self._salt = salt
        self._masks_secrets = masks_secrets
        self._masks_personal = masks_personal

    def mask(self, text: str) -> str:
        """Return the text with `[api key 3f9a1c]` and the like in place of what must not be kept."""
        data = text.encode("utf-8", "surrogatepass")
        for _ in range(_LOOKS):
            if not (found := settled(self._findings(data), data)):
                break
            data = self._without(data, found)
        return data.decode("utf-8", "surrogatepass")

    def mask_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return JSON data with the texts in it masked; under a name like `password` any text is one."""
        return {self.mask(key): self._masked(value, key, 1) for key, value in data.items()}

    def _masked(self, value: Any, key: str, depth: int) -> Any:
        if isinstance(value, str):
            return self._value(value, key)
        if depth > _DEEPEST and isinstance(value, Mapping | list | tuple):
            return self.mask(json.dumps(value, ensure_ascii=False, default=str))
        if isinstance(value, Mapping):
            return {self.mask(str(name)): self._masked(one, str(name), depth + 1) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._masked(one, key, depth + 1) for one in value]
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _LONG_NUMBER:
            masked = self._value(str(value), key)
            return value if masked == str(value) else masked
        return value

    def _value(self, value: str, key: str) -> str:
        masked = self.mask(value)
        if not self._masks_secrets or not key or masked != value or MASK.search(value.encode("utf-8", "replace")):
            return masked
        # The value as it would stand in a text: the same rules decide, whether it is JSON or words.
        line = f"{key}={json.dumps(value, ensure_ascii=False)}"
        if (found := self.mask(line)) == line:
            return value
        return str(json.loads(found[len(key) + 1 :])) if found.startswith(f'{key}="') else found

    def _findings(self, data: bytes) -> list[Finding]:
        from sanca.memory.care import personal, secret_shapes, secret_values

        searches: list[Callable[[bytes], Any]] = []
        if self._masks_secrets:
            searches += [secret_shapes.find, secret_values.find]
        if self._masks_personal:
            searches.append(personal.find)
        return [finding for search in searches for finding in search(data)]

    def _without(self, data: bytes, found: list[Finding]) -> bytes:
        pieces: list[bytes] = []
        at = 0
        for finding in found:
            pieces += [data[at : finding.start], self._mask(finding.kind, data[finding.start : finding.end])]
            at = finding.end
        return b"".join([*pieces, data[at:]])

    def _mask(self, kind: str, found: bytes) -> bytes:
        digest = hmac.new(self._salt, found, hashlib.sha256).hexdigest()
        return f"[{kind} {digest[:6]}]".encode()
