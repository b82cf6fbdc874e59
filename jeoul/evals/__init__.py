"""Evaluation: figures of whole submissions and runs, from the same rewards that train."""
