"""Recipes: columns with weights, gates and schedules, as data that prints, hashes and goes to and from TOML."""
