"""Recipes that come with Jeoul, as TOML files."""
