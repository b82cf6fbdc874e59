"""BLEURT: ``reward``, ``network`` (checkpoints in PyTorch), ``pieces`` (their tokens), ``official`` (TensorFlow)."""

from jeoul.rewards.bleurt.reward import bleurt

__all__ = ["bleurt"]
