"""``jeoul contest score|lint|write``: one file a command."""
