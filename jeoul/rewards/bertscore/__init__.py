"""BERTScore: ``reward``, ``tables`` (bert-score's), ``encoder`` (the model), ``matching`` (the formula)."""

from jeoul.rewards.bertscore.reward import bertscore

__all__ = ["bertscore"]
