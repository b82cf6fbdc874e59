"""OpenAI-compatible HTTP endpoints, for whoever asks one: generation, and judges.

``client`` (settings, and requests tried until they succeed), ``limits`` (rate limits, waits), ``replies`` (what a
server answered).
"""
