"""Which model a folder holds: a hash of everything in it that completions depend on."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["weights_hash"]

PARTS = frozenset({".safetensors", ".bin", ".json", ".model", ".jinja", ".txt", ".tiktoken", ".py", ".gguf"})
APART = frozenset({"trainer_state.json", "training_args.bin", "optimizer.bin", "scheduler.bin"})


def weights_hash(model: str | Path) -> str | None:
    """SHA-256 (hex) of a model folder's weights, configuration and tokenizer; None where it is no folder (a hub id).

    Every byte counts, about 1 to 2 GB a second. What a trainer leaves beside them (its state, its optimizer) does not.
    """
    folder = Path(model)
    if not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in PARTS and path.name not in APART and path.is_file():
            with path.open("rb") as file:
                digest.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()
