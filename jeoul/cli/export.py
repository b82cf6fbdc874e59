"""``jeoul export inspect|lm-eval SUITE[@PROTOCOL] -o …``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jeoul.cli.output import note

__all__ = ["inspect", "lm_eval"]

Output = Annotated[Path, Parameter(alias="-o")]
Flag = Annotated[bool, Parameter(negative="")]


def inspect(suite: str, *, out: Output, samples: int | None = None, force: Flag = False) -> None:
    """Write a suite as a task of inspect_ai: a Python file for inspect eval.

    Parameters
    ----------
    suite
        SUITE or SUITE@PROTOCOL, by name or TOML file.
    out
        Python file to write.
    samples
        Samples of each problem, where it is not the protocol's number.
    force
        Replace an existing file.
    """
    from jeoul.evals.exporters.files import inspect_file, write_files

    write_files({out: inspect_file(suite, samples)}, force)
    note(f"wrote {out}; run it with: inspect eval {out} --model MODEL")


def lm_eval(suite: str, *, out: Output, samples: int | None = None, force: Flag = False) -> None:
    """Write a suite as a task of lm-eval: a folder for its --include_path.

    Parameters
    ----------
    suite
        SUITE or SUITE@PROTOCOL, by name or TOML file.
    out
        Folder to write.
    samples
        Samples of each problem, where it is not the protocol's number.
    force
        Replace existing files.
    """
    from jeoul.evals.exporters.files import lm_eval_files, write_files

    files = lm_eval_files(suite, samples)
    write_files({out / name: text for name, text in files.items()}, force)
    task = next(name for name in files if name.endswith(".yaml")).removesuffix(".yaml")
    note(f"wrote {out}; run it with: lm_eval --include_path {out} --tasks {task} --model …")
