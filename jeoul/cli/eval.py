"""``jeoul eval SUITE[@PROTOCOL] --model M | --outputs FILE``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from jeoul.cli.eval_model import ModelOptions
from jeoul.cli.output import note, print_json, prints_on_stderr
from jeoul.errors import UsageError

if TYPE_CHECKING:
    from jeoul.cli.eval_completions import Source
    from jeoul.evals.protocols import Protocol
    from jeoul.evals.suites import Suite
    from jeoul.units import Duration

__all__ = ["run"]


def run(
    suite: str | None = None,
    *,
    model: str | None = None,
    outputs: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    data: Path | None = None,
    out: Annotated[Path | None, Parameter(alias="-o")] = None,
    samples: int | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    limit: int | None = None,
    format: str | None = None,
    completion: str | None = None,
    id: str | None = None,
    prompt: str | None = None,
    workers: int | None = None,
    deadline: str = "5 s",
    restart: Annotated[bool, Parameter(negative="")] = False,
    force: bool = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
    how: ModelOptions | None = None,
) -> None:
    """Evaluate a model, or saved completions, on a suite under a protocol; or list the suites, or show one.

    Without SUITE: the suites and protocols there are. With neither --model nor --outputs: what the suite is.

    With --model, completions are generated into the folder of the result, one by one; the same command again goes on
    from what is there, also after it was killed.

    Parameters
    ----------
    suite
        SUITE or SUITE@PROTOCOL, by name or TOML file: math500@gdpo, my.toml. Without a protocol: completions as given.
    model
        The model: a folder or hub id; with --base-url its name at that endpoint.
    outputs
        Completions: a log of inspect_ai, lm-eval, lighteval, verl, TRL or an OpenAI batch; JSONL, Parquet, a folder
        of either or of a run, or - for stdin, one row a sample, or lists.
    data
        Folder of local copies of suites (aime24.jsonl …), or one such file; default the folder JEOUL_DATA names.
    out
        Folder of the result; default runs/SUITE@PROTOCOL/MODEL or …/OUTPUTS.
    samples
        Samples asked of each problem, where it is not the protocol's number.
    max_tokens
        Tokens of a completion at most, where it is not the protocol's number.
    seed
        Of all samples, where it is not the protocol's.
    limit
        Only so many problems, the first ones: for trying. It is not the suite's score.
    format
        Of the completions, where their shape does not tell: inspect-ai, lm-eval, lighteval, openai-batch, trl, verl,
        plain.
    completion
        Column of the completions, where it is not one of the usual names.
    id
        Column of the problem's id.
    prompt
        Column of the problem's text or prompt, by which rows without a known id are matched.
    workers
        Worker processes; default one per processor. 0: in this process, without deadlines.
    deadline
        Time the grading of one completion may take.
    restart
        Drop the samples that a stopped run of --model has left, and start again.
    force
        Replace an existing result.
    json
        Print as JSON.
    quiet
        No progress, no remarks.
    """
    from jeoul.evals.protocols import find_protocol
    from jeoul.evals.suites import find_suite, split_name

    if suite is None:
        from jeoul.cli.eval_suites import list_suites

        list_suites(json)
        return
    name, asked = split_name(suite)
    found, protocol = find_suite(name), find_protocol(asked)
    protocol = protocol if samples is None else protocol.with_samples(samples)
    protocol = protocol if max_tokens is None else protocol.with_max_tokens(max_tokens)
    protocol = protocol if seed is None else protocol.with_seed(seed)
    if model is None and outputs is None:
        from jeoul.cli.eval_suites import show_suite

        show_suite(found, json)
        return
    columns = {"completion": completion, "id": id, "prompt": prompt}
    source = _source(model, outputs, format, columns, how, restart)
    folder = out or Path("runs") / f"{found.name}@{protocol.name}" / source.stem
    source.refuse(folder, force)
    _evaluate(source, found, protocol, folder, data, limit, workers, _longest(deadline), json, quiet)


def _source(
    model: str | None,
    outputs: str | None,
    format: str | None,
    columns: dict[str, str | None],
    how: ModelOptions | None,
    restart: bool,
) -> Source:
    given = [name for name, value in ({"format": format} | columns).items() if value is not None]
    if model is not None and outputs is not None:
        raise UsageError("completions come from --model or from --outputs, not from both")
    if model is not None:
        if given:
            raise UsageError(f"--{given[0]} tells of saved completions; it goes with --outputs, not --model")
        from jeoul.cli.eval_model import FromModel

        return FromModel(model, how or ModelOptions(), restart)
    if how is not None or restart:
        raise UsageError(f"{'--restart goes' if restart else 'options of a model go'} with --model, not with --outputs")
    from jeoul.cli.eval_outputs import FromOutputs

    return FromOutputs(str(outputs), format, columns)


def _longest(deadline: str) -> Duration:
    from jeoul.units import Duration

    try:
        return Duration.parse(deadline)
    except ValueError as error:
        raise UsageError(f"--deadline {error}") from None


def _evaluate(
    source: Source,
    suite: Suite,
    protocol: Protocol,
    folder: Path,
    data: Path | None,
    limit: int | None,
    workers: int | None,
    deadline: Duration,
    json: bool,
    quiet: bool,
) -> None:
    from jeoul.evals.evaluation import evaluate_outputs
    from jeoul.evals.reports import write_report
    from jeoul.evals.run_folder import write_run
    from jeoul.evals.suites_rows import check_example, load_problems
    from jeoul.progress import Bars

    check_example(suite)
    problems = load_problems(suite, data)
    problems = problems if limit is None else problems.first(limit)
    with prints_on_stderr(), source.completions(problems, protocol, folder, quiet) as found:
        with Bars(shown=not quiet) as bars:
            made = evaluate_outputs(
                found.outputs,
                problems,
                protocol,
                origin=found.origin,
                generated=found.generated,
                workers=workers,
                deadline=deadline,
                progress=bars,
            )
        samples = None if found.kept else found.outputs.rows
        write_run(folder, made.about, samples, made.table, made.summary.to_dict())
        write_report(folder)
    if json:
        print_json(made.summary.to_dict() | {"folder": str(folder)})
        return
    from jeoul.cli.eval_figures import print_figures, print_remarks

    print_figures(made.summary)
    print_remarks(made.summary, suite, quiet)
    note(f"wrote {folder}", quiet)
