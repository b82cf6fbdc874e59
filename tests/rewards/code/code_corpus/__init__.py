"""Hostile and benign programs of our own, by what they try."""
