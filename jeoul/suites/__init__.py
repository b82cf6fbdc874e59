"""Evaluation suites that come with Jeoul: where problems come from and how they are scored, as TOML files."""
