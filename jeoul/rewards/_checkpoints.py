"""What rewards that load a model share: the checkpoint by path or hub name, device, number format, texts made safe."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from jeoul.errors import UsageError

__all__ = ["Dtype", "batches", "loaded", "on_device", "readable"]

Dtype = Literal["float32", "bfloat16"]
T = TypeVar("T")
_TOKENS_ON_CPU, _TOKENS_ON_GPU = 256, 32_768


def on_device(device: str | None) -> Any:
    """The torch device: the one named, else the first GPU, else the CPU.

    Raises:
        UsageError: there is no such device here.
    """
    import torch

    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(
            f"device = {device!r} cannot be used here ({reason}); write 'cpu', 'cuda' or 'cuda:1'"
        ) from error
    return found


def loaded(load: Callable[..., T], name: str, **options: Any) -> T:
    """What ``load`` (a ``from_pretrained``) gives for a folder or a hub name; without a progress bar.

    Raises:
        UsageError: there is no such checkpoint, it is not one, or the hub cannot be reached.
    """
    try:
        with _no_bars():
            return load(name, local_files_only=Path(name).is_dir(), **options)
    except Exception as error:  # transformers raises what its parts raise; each means the same to the user
        reason = str(error).strip().partition("\n")[0]
        raise UsageError(
            f"the model {name!r} cannot be loaded ({reason}); write the name of a model on the Hugging Face hub, or a "
            "folder with config.json, weights and tokenizer"
        ) from error


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging
    if not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()


def readable(text: str, most: int) -> tuple[str, bool]:
    r"""A text as a tokenizer can take it: no lone surrogates, at most ``most`` characters; and whether it was cut.

    >>> readable(" a\ud800 ", 10), readable("abc", 2)
    (('a�', False), ('ab', True))
    """
    text = text.strip()
    cut = len(text) > most
    if cut:
        text = text[:most]
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), cut


def batches(lengths: Sequence[int], most: int, device: Any) -> Iterator[list[int]]:
    """Positions in batches for one forward pass each, longest first, so that little is padded.

    A pass has at most ``most`` texts and, on a CPU, some hundred tokens: what it computes then stays in the cache,
    which is several times as fast as batches of 64.
    """
    limit = _TOKENS_ON_CPU if device.type == "cpu" else _TOKENS_ON_GPU
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    start = 0
    while start < len(order):
        size = max(1, min(most, limit // max(lengths[order[start]], 1)))
        yield order[start : start + size]
        start += size
