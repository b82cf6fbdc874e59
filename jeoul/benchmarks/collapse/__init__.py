"""``jeoul bench collapse``: what is lost when several rewards become one advantage; counted exactly, then trained."""
