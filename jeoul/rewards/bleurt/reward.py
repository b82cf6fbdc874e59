"""The reward ``bleurt``: a rating of the completion against a reference by a model trained on human ratings."""

from __future__ import annotations

from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal

from jeoul.errors import UsageError
from jeoul.rewards._checkpoints import Dtype
from jeoul.rewards._sharing import references_in
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply

if TYPE_CHECKING:
    from jeoul.rewards.bleurt.network import Network
    from jeoul.rewards.bleurt.official import Official

__all__ = ["bleurt"]

WHY_EVALUATION = "BLEURT-20 has 579 million parameters: 1,000 pairs take 80 minutes on a CPU, 4 on a GPU"


def _versions(**options: Any) -> dict[str, str]:
    found = {}
    for package in ("transformers", "torch", "sentencepiece"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@reward(
    reference="Sellam et al. 2020, BLEURT (arXiv 2004.04696); Pu et al. 2021, BLEURT-20 (arXiv 2110.06341)",
    cost="dear",
    batch=256,
    versions=_versions,
    evaluation_only=WHY_EVALUATION,
    hacks=(
        "a learned judge: texts that people never rated score anything; train on it and it is what gets optimised",
        "the reference's topic and register without its claim",
        "anything after the tokens that both texts share (512) is not read",
    ),
)
class bleurt:  # noqa: N801  (a reward goes by one name, in Python and in recipes)
    r"""BLEURT rating of a completion against a reference, by BLEURT-20 or another checkpoint.

    Formula: an encoder reads ``[CLS] reference [SEP] completion [SEP]`` (segments 0 and 1); the score is
    ``w·tanh(W·h + b) + c`` of its last vector h at [CLS]. No fixed range: BLEURT-20 gives about 0 (nothing shared) to 1
    (the same), and a little beyond. A ``reference`` cell is a text or a list of texts, of which the best counts.

    For evaluation: in a recipe it must be a monitor (``monitor = true``), as 1,000 pairs take 80 minutes on a CPU
    (BLEURT-20, its authors' figures; the distilled D12, D6, D3: 24, 5, 3). ``training=True`` says that you mean to
    train on it.

    Args:
        checkpoint: folder or hub name. For ``engine="torch"`` converted to PyTorch: config.json, model.safetensors or
            pytorch_model.bin, and the tokenizer (spm.model or vocab.txt), as ``lucadiliello/BLEURT-20`` (-D12, -D6,
            -D3) has them; a weight missing, too many or of another shape is an error. For "tensorflow" an original
            checkpoint's folder.
        engine: "torch", or "tensorflow": Google's own package in a process of its own.
        python: interpreter that has that package, where it is not this one.
        batch_size: pairs a forward pass at most.
        device: "cpu", "cuda", …; default: the first GPU, where there is one.
        dtype: "bfloat16" is faster where the processor has it, and less exact.
        max_length: tokens of a pair at most; default: the checkpoint's (512). Beyond it the longer text loses its end,
            as in Google's; the reason says so.
        timeout: seconds that one call of "tensorflow" may take.
        training: allow a weight in a recipe.

    NaN ("does not apply"): the cell is None, NaN or an empty list. An empty completion gets what the model gives it.

    Differs: Google's pads every pair to 512 tokens, which here those of like length do not need (the score is the same
    to rounding). The PyTorch port ``bleurt-pytorch`` (0.0.1) imports what transformers 5 has dropped, and does not
    cut long pairs.

    >>> bleurt(checkpoint="lucadiliello/BLEURT-20-D3").monitor()
    bleurt(checkpoint='lucadiliello/BLEURT-20-D3').monitor()
    """

    def __init__(
        self,
        *,
        checkpoint: str = "lucadiliello/BLEURT-20",
        engine: Literal["torch", "tensorflow"] = "torch",
        python: str | None = None,
        batch_size: int = 16,
        device: str | None = None,
        dtype: Dtype = "float32",
        max_length: int | None = None,
        timeout: float = 600.0,
        training: bool = False,
    ) -> None:
        if batch_size < 1 or timeout <= 0:
            raise UsageError(f"batch_size must be 1 or more and timeout above 0, not {batch_size} and {timeout:g}")
        if engine == "torch" and python is not None:
            raise UsageError('python = … is for engine = "tensorflow"')
        if engine == "tensorflow" and (device is not None or dtype != "float32" or max_length is not None):
            raise UsageError('device, dtype and max_length are for engine = "torch"; TensorFlow has its own')
        self.options = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self.batch_size = batch_size
        self.scorer: Network | Official
        if engine == "tensorflow":
            from jeoul.rewards.bleurt.official import Official

            self.scorer = Official(checkpoint, python, timeout)
        else:
            from jeoul.rewards.bleurt.network import network_for

            self.scorer = network_for(checkpoint, device, dtype, max_length)

    def __call__(self, completions: list[str], reference: list[Any]) -> list[float | None]:
        """Score each completion against its reference cell."""
        cells = [references_in(cell) for cell in reference]
        pairs = [
            (row, completion, text)
            for row, (completion, cell) in enumerate(zip(completions, cells, strict=True))
            for text in cell
        ]
        found = self.scorer.scores([pair[2] for pair in pairs], [pair[1] for pair in pairs], self.batch_size)
        best: dict[int, tuple[float, bool]] = {}
        for (row, _, _), score in zip(pairs, found, strict=True):
            if row not in best or score[0] > best[row][0]:
                best[row] = score
        return [
            Score(best[row][0], partial(_reason, *best[row], len(cell))) if cell else does_not_apply("no reference")
            for row, cell in enumerate(cells)
        ]

    def __reduce__(self) -> tuple[Any, ...]:  # by its options: the other process loads the model itself
        return _again, (self.options,)

    def __repr__(self) -> str:
        return f"bleurt({', '.join(f'{name}={value!r}' for name, value in self.options.items())})"


def _reason(value: float, cut: bool, references: int) -> str:
    best = f", the best of {references} references" if references > 1 else ""
    return f"BLEURT {value:.3f}{best}" + ("; the texts were cut to the tokens that the model reads" if cut else "")


def _again(options: dict[str, Any]) -> Any:
    made: Any = bleurt
    return made.function(**options)
