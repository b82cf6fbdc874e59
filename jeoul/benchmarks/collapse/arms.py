"""The estimators that the collapse benchmark compares unless told otherwise."""

__all__ = ["ESTIMATED"]

ESTIMATED = ("grpo", "dr_grpo", "grpo_bn", "grpo_scaled", "dvao", "corr_grpo", "gdpo", "gdpo_nobn")
