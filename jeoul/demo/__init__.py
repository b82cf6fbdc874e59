"""Completions written for this package: 30 maths and 30 Korean-norm prompts × 8, with what each one is."""
