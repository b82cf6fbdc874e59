"""Outputs of other harnesses as plain rows: one file a format, found by its shape or named.

A row has what its format knows of: ``id``, ``custom_id``, ``problem`` (text) or ``prompt``; ``completion`` (None: it
was asked for and is not there); ``sample``, ``finish_reason``, ``prompt_tokens``, ``completion_tokens``, ``target``.
"""

from jeoul.evals.importers.formats import FORMATS, format_of, read_rows

__all__ = ["FORMATS", "format_of", "read_rows"]
