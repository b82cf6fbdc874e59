"""The reward table: cells with their status and reason, its file, its summary, and one row explained."""
