"""Scoring a submission to the Korean language contest (말평) as its server does, and what that figure hides.

``files`` (reading, pairing, writing), ``estimate`` (a figure with its interval), ``measures`` (ROUGE-1, BERTScore,
BLEURT of pairs, and which of them cannot be had), ``correction`` with ``floor`` (한국어 어문 규범 기반 생성, 2025);
``labels`` and ``texts`` (the metrics of the other tasks), ``culture``, ``tasks`` (the table of them all); ``lint``.
"""
