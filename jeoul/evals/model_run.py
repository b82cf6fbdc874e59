"""A model's completions of a suite: what is asked of it, what the samples depend on, and the samples as outputs."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, UsageError, listed
from jeoul.evals.generation.backend import Backend
from jeoul.evals.generation.generate import header_of
from jeoul.evals.generation.samples import Prompt, Request, Sample, requests_for
from jeoul.evals.outputs import Output, Outputs
from jeoul.evals.pictures import PLACEHOLDER, Picture, pictures_of, with_pictures
from jeoul.evals.protocols import Protocol
from jeoul.evals.suites_rows import Problems

__all__ = ["outputs_of", "requests_of", "run_header"]


def requests_of(problems: Problems, protocol: Protocol) -> list[Request]:
    """What is asked of a model: n prompts of each problem, with its pictures, each with a seed of its own.

    Raises:
        UsageError: the protocol does not say how completions are drawn, or is raw and the problems hold pictures.
        DataError: a picture cannot be read, or pictures are lacking.
    """
    sampling = protocol.drawn()
    pictures = _pictures(problems)
    prompts: dict[str, Prompt] = {}
    for row in problems.rows:
        name, prompt = row["id"], protocol.prompt(row["problem"])
        if not pictures.get(name):
            prompts[name] = prompt
        elif isinstance(prompt, str):
            raise UsageError(
                f"{name} of {problems.suite.name} holds pictures, and the protocol {protocol.name!r} is raw: pictures "
                "go into messages only; choose a protocol without raw = true, such as greedy"
            )
        else:
            prompts[name] = with_pictures(prompt, pictures[name], f"{problems.origin}, {name}")
    requests = requests_for(prompts, sampling.n, sampling.seed)
    if not pictures:
        return requests
    named = {name: {one.sha256: one for one in found} for name, found in pictures.items()}
    return [replace(request, pictures=named[request.problem]) for request in requests]


def _pictures(problems: Problems) -> dict[str, list[Picture]]:
    """Of each problem, where the suite has pictures; what a text refers to or all problems lack is an error."""
    if "images" not in problems.suite.fields and not any("images" in row for row in problems.rows):
        return {}
    origin = Path(problems.origin)
    folder = origin if origin.is_dir() else origin.parent if origin.is_file() else None
    found = {
        row["id"]: pictures_of(row.get("images"), f"{problems.origin}, {row['id']}", folder) for row in problems.rows
    }
    bare = [row["id"] for row in problems.rows if PLACEHOLDER in row["problem"] and not found[row["id"]]]
    if bare or not any(found.values()):
        columns = listed(problems.suite.fields.get("images", ("images",)))
        lacking = f"{len(bare)} problems with {PLACEHOLDER} ({bare[0]}, for one)" if bare else "all problems"
        raise DataError(
            f"{problems.origin}: {lacking} lack their pictures (column {columns}); without them the score would mean "
            "something else: take a copy that has them"
        )
    return found


def run_header(backend: Backend, requests: Sequence[Request], problems: Problems, protocol: Protocol) -> dict[str, Any]:
    """What the samples of a run depend on. Recipe and golds are not part of it: corrected ones score them anew."""
    described = {name: value for name, value in protocol.hashed().items() if name != "sampling"}
    pictures = sorted({(request.problem, *request.pictures) for request in requests if request.pictures})
    return header_of(
        backend,
        requests,
        protocol.drawn(),
        suite=problems.suite.name,
        protocol={"name": protocol.name, **described},
        **({"pictures": {"sha256": hashlib.sha256(json.dumps(pictures).encode()).hexdigest()}} if pictures else {}),
    )


def outputs_of(samples: Iterable[Sample], problems: Problems, asked: int, name: str = "the run") -> Outputs:
    """Samples of a run as outputs, in the order of problems and repeats, whatever order they came in.

    Raises:
        DataError: there is none.
    """
    found: dict[str, list[Output]] = defaultdict(list)
    for sample in samples:
        found[sample.problem].append(
            Output(
                problem=sample.problem,
                index=sample.index,
                completion=sample.completion,
                seed=sample.seed,
                finish_reason=sample.finish_reason,
                prompt_tokens=sample.prompt_tokens,
                completion_tokens=sample.completion_tokens,
            )
        )
    rows = [one for row in problems.rows for one in sorted(found[row["id"]], key=lambda output: output.index)]
    if not rows:
        raise DataError(f"{name} holds no sample: no request got a completion")
    return Outputs(rows, asked, 0, {"id": len(rows)})
