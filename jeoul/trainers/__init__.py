"""Advantages, policy losses and monitoring as pure torch functions, and thin adapters to the trainers people use."""
