"""A live view of evaluations and training runs (Streamlit; the ``dashboard`` extra).

``sources`` (what a path is), ``following`` (files that grow), ``training`` and ``evaluation`` (what is shown of them),
``app`` (the page).
"""
