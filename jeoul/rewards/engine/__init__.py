"""The scoring engine: which cells must be computed, who computes them, and what is kept of a killed run."""
