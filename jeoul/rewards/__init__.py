"""Rewards: the registry, recipes that combine them, and one file for each family of built-in rewards."""
