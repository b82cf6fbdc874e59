"""Suites and rewards in other harnesses: the same problems, prompts, sampling and grades there as here.

``grading`` (one answer at a time, by a suite or a recipe), ``inspect_ai`` (scorers and tasks; imports that package),
``lm_eval`` (what a task's YAML calls), ``files`` (the files that :mod:`jeoul.cli.export` writes).
"""
