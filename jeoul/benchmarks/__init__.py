"""Measurements that anyone can run again: every figure in the docs names its command here."""
