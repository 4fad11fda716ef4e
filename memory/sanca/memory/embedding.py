"""Static token vectors of the wordllama wheel: text to a unit vector, offline. Reads two files, never the network.

`WordLlama.load()` of 0.4.0.post1 looks for its tokenizer in a folder the wheel does not have and then asks a hub; hence
the files are read directly.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sanca.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Encoding

_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_FEW = 16


class StaticEmbedding:
    """Means of 256 static dimensions a token. Made on first use: reading the weights takes a fraction of a second."""

    def __init__(self) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        folder = _wheel_folder()
        # Left in half precision: only the rows of a text are widened, so 33 MB of copies are saved.
        self._vectors = next(iter(load_file(folder / _WEIGHTS).values()))
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (texts, 256); an empty text has a zero vector."""
        import numpy as np

        matrix = np.zeros((len(texts), self._vectors.shape[1]), np.float32)
        for row, encoded in enumerate(self._encoded(texts)):
            if encoded.ids:
                matrix[row] = self._vectors[encoded.ids].astype(np.float32).mean(0)
        unit: NDArray[np.float32] = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
        return unit

    def is_word(self, word: str) -> bool:
        """Whether a lower-case word is so usual that it is one token: what is misspelt is several."""
        return self._tokenizer.token_to_id(f"\u2581{word}") is not None

    def _encoded(self, texts: Sequence[str]) -> Iterable[Encoding]:
        """Return the tokens of each text; a few are not worth waking the tokenizer's threads for."""
        if len(texts) > _FEW:
            return self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [self._tokenizer.encode(text, add_special_tokens=False) for text in texts]


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise ConfigurationError("The package 'wordllama' is missing; install sanca with its dependencies.")
    return Path(spec.origin).parent
