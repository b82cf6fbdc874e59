"""The codes are what files and tensors hold: they never change."""

from __future__ import annotations

from jeoul import Gate, Status
from jeoul.rewards.tables.status import FAILED


def test_codes():
    assert {status.name: status.value for status in Status} == {
        "ok": 0, "not_applicable": 1, "error": 2, "timeout": 3, "infra": 4,
    }  # fmt: skip
    assert {gate.name: gate.value for gate in Gate} == {"none": 0, "open": 1, "closed": 2}


def test_what_failed():
    assert {Status.error, Status.timeout, Status.infra} == set(FAILED)
