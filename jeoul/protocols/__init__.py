"""Evaluation protocols that come with Jeoul, as TOML files."""
