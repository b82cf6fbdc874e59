from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from jeoul.errors import DataError, UsageError
from jeoul.evals.reports import FORMATS, read_report, render, write_report


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_written_whole_into_the_folder(format: str, run_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    before = set(folder.iterdir())
    path = write_report(folder, format=format)
    assert set(folder.iterdir()) - before == {path}
    assert path == folder / FORMATS[format]
    assert path.read_text(encoding="utf-8") == render(read_report(folder), format)


def test_json_is_the_document(run_folder: Path) -> None:
    report = read_report(run_folder)
    assert json.loads(render(report, "json")) == json.loads(json.dumps(report.to_dict()))


def test_mistakes(run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no format 'htm' \\(did you mean 'html'\\?\\)"):
        write_report(run_folder, format="htm")
    with pytest.raises(DataError, match="cannot be written: No such file or directory"):
        write_report(run_folder, tmp_path / "nowhere/report.html")
    with pytest.raises(DataError, match="no finished run"):
        write_report(tmp_path)
