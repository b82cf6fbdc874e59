"""Tier R: programs run on another machine over HTTP (SandboxFusion, Piston). Code and input go there, answers never.

What a program printed, or the value its function returned, comes back and is judged here.
"""

from __future__ import annotations

from jeoul.rewards.code.remote.runner import Remote

__all__ = ["Remote"]
