"""``jeoul contest score GOLD SUBMISSION``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_table, prints_on_stderr
from jeoul.errors import UsageError

if TYPE_CHECKING:
    from jeoul.evals.contest.correction import CorrectionResult
    from jeoul.evals.contest.estimate import Estimate
    from jeoul.evals.contest.measures import Measures
    from jeoul.evals.contest.tasks import Task

__all__ = ["run"]

SHOWN = 10


def run(
    gold: Path,
    submission: Path,
    *,
    task: str = "correction",
    rules: Literal["official", "sound"] = "official",
    components: tuple[Literal["rouge1", "bertscore", "bleurt"], ...] = ("rouge1", "bertscore", "bleurt"),
    scores: Path | None = None,
    rouge_tokenizer: str = "mecab",
    out: Annotated[Path | None, Parameter(alias="-o")] = None,
    seed: int = 0,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Score a submission as the contest's server does, and show what format costs.

    A submission with other ids, or another number of items, has no score (exit code 3).

    Parameters
    ----------
    gold
        The gold file: a JSON array of {"id", "input", "output": {"answer"}}, or JSON lines.
    submission
        The same with the answers to score.
    task
        correction (한국어 어문 규범), culture_qa, absa, au, te, iau, nli, ea, sc, nams, te24, dcs, t2t, ic, cci, sr,
        dialogue, grammar or isd.
    rules
        Of the tasks other than correction: official, or sound, without what the official code does by accident.
    components
        Measures to compute; the final score needs all three.
    scores
        JSONL or Parquet with id and rouge1, bertscore or bleurt computed elsewhere.
    rouge_tokenizer
        Of ROUGE-1; only mecab is the official one.
    out
        Write the per-item table of the task correction (.parquet, .jsonl or .csv).
    seed
        Of the intervals and of the floor.
    json
        Print as JSON.
    """
    from jeoul.evals.contest.files import read_items
    from jeoul.evals.contest.report import check_ending, correction_report, write_rows
    from jeoul.evals.contest.tasks import find_task

    known = find_task(task)
    if known.name != "correction":
        if out is not None:
            raise UsageError("--out is for the task correction; the others have no per-item table")
        _other(known, gold, submission, rules, components, scores, rouge_tokenizer, seed, json)
        return
    if rules != "official":
        raise UsageError("--rules is for the other tasks; correction shows the official and the lenient result")
    if out is not None:
        check_ending(out)
    from jeoul.evals.contest.correction import score_correction

    golds, given = read_items(gold), read_items(submission)
    with prints_on_stderr():
        result = score_correction(golds, given, _measures(known, components, scores, rouge_tokenizer), seed)
    if out is not None:
        write_rows(out, [item.row() for item in result.items])
        note(f"wrote {out}: {len(result.items)} items")
    if json:
        print_json(correction_report(result))
    else:
        _tell(result)
    for name, why in result.absent.items():
        note(f"no final score without {name}: {why}")


def _measures(task: Task, components: tuple[str, ...], scores: Path | None, tokenizer: str) -> Measures:
    from jeoul.evals.contest.measures import Measures, read_given

    wanted = {"rouge1" if name == "bleu1" else name for name in task.measures}
    names = [name for name in components if name in wanted] if wanted else list(components)
    if task.metrics:
        return Measures()
    return Measures.of(names, None if scores is None else read_given(scores), tokenizer)


def _other(
    task: Task,
    gold: Path,
    submission: Path,
    rules: Literal["official", "sound"],
    components: tuple[str, ...],
    scores: Path | None,
    tokenizer: str,
    seed: int,
    json: bool,
) -> None:
    from jeoul.evals.contest.culture import CultureResult, score_culture
    from jeoul.evals.contest.files import read_items
    from jeoul.evals.contest.report import result_report
    from jeoul.evals.contest.tasks import TaskResult, score_task

    golds, given = read_items(gold), read_items(submission)
    result: CultureResult | TaskResult
    with prints_on_stderr():
        measures = _measures(task, components, scores, tokenizer)
        if task.name == "culture_qa":
            result = score_culture(golds, given, measures, rules, seed)
        else:
            result = score_task(task.name, golds, given, measures, rules, seed)
    report = result_report(task.name, rules, result)
    if json:
        print_json(report)
    else:
        scale = 1.0 if task.name == "nli" else 100.0
        rows = [_row(name, value, scale) for name, value in result.figures.items()]
        if result.final_score is not None:
            rows.append(_row("final_score", result.final_score, scale))
        print_table(f"{task.title}: {len(golds)} items, {rules} rules", ["", "score", "95 %"], rows)
    for name, why in report["absent"].items():
        note(f"no final score without {name}: {why}")
    for line in getattr(result, "notes", ()):
        note(line)


def _row(name: str, value: Estimate | float | None, scale: float = 100.0) -> list[str]:
    if value is None or isinstance(value, float):
        return [name, "–" if value is None else f"{scale * value:.4f}", ""]
    return [name, f"{scale * value.value:.4f}", f"{scale * value.low:.1f} … {scale * value.high:.1f}"]


def _tell(result: CorrectionResult) -> None:
    from jeoul.evals.contest.correction import COSTS
    from jeoul.evals.contest.report import OFFICIAL_NAMES
    from jeoul.rewards._text import shown

    rows = [_row("exact_match", result.exact_match)]
    rows += [_row(official, result.measures.get(name)) for name, official in OFFICIAL_NAMES.items()]
    rows += [_row("descriptive_avg", result.descriptive_avg), _row("final_score", result.final_score)]
    if result.honest_score is not None and result.pairs < len(result.items):
        rows.append(_row("with 0 for a missing reason", result.honest_score))
    print_table(
        f"Official result: {len(result.items)} items, {result.pairs} with both reasons", ["", "score", "95 %"], rows
    )
    readings = {
        "official": result.exact_match,
        "strict": result.strict,
        "lenient": result.lenient,
        "lenient, spaces ignored": result.ignoring_spaces,
    }
    cost = 100 * (result.lenient.value - result.exact_match.value)
    print_table(
        f"Exact match by reading: format costs {cost:.1f} points",
        ["", "score", "95 %"],
        [_row(name, value) for name, value in readings.items()],
    )
    print_table("Chance floor", ["", "score"], [[name, f"{100 * value:.1f}"] for name, value in result.floor.items()])
    if result.cost:
        rows = [[flag, COSTS[flag], str(count), str(flips)] for flag, (count, flips) in result.cost.items()]
        print_table("What is not in the form", ["flag", "meaning", "outputs", "flips"], rows, left=2)
    flips = [[item.id, " ".join(item.flags), shown(item.sentence)] for item in result.flips[:SHOWN]]
    if flips:
        title = f"Officially wrong, right for a reader: {len(result.flips)}"
        print_table(title, ["id", "flags", "sentence"], flips, left=3)
