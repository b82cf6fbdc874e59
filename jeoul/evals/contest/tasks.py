"""The tasks that the contest's evaluation code serves: what an output is, and how it is scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jeoul.errors import DataError, UsageError, did_you_mean, listed
from jeoul.evals.contest.estimate import Estimate, estimate, mean
from jeoul.evals.contest.files import Item, paired_by_id
from jeoul.evals.contest.labels import (
    Metric,
    Rules,
    accuracy,
    aspect_f1,
    macro_f1,
    micro_f1,
    multi_label_f1,
    squared_error,
    targets,
)
from jeoul.evals.contest.measures import Measures
from jeoul.evals.contest.texts import bleu1, pooled_rouge1, references_of, text_of

__all__ = ["TASKS", "Task", "TaskResult", "find_task", "score_task"]

Function = Callable[[Sequence[Any], Sequence[Any], Rules], Metric]


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the contest.

    Attributes:
        name: short, for ``--task``.
        title: as the contest calls it.
        output: what ``output`` of an item looks like.
        metrics: name → function, for the tasks that choose.
        measures: of texts, for the tasks that write: rouge1, bleu1, bertscore, bleurt.
        averaged: whether the mean of the measures is the score.
    """

    name: str
    title: str
    output: str
    metrics: tuple[tuple[str, Function], ...] = ()
    measures: tuple[str, ...] = ()
    averaged: bool = False


_F1 = (("micro_f1", micro_f1), ("macro_f1", macro_f1))
_ACCURACY = (("accuracy", accuracy),)
_CLASS, _TEXT, _TEXTS = '"label"', '"text"', 'gold ["text", …], submission "text"'
TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("correction", "한국어 어문 규범 기반 생성 (RAG)", '{"answer": "…"}'),
        Task("culture_qa", "한국문화 질의응답", '{"answer": "…"}, with input.question_type 선다형, 단답형 or 서술형'),
        Task(
            "absa", "속성 기반 감성 분석", 'gold [["본품#품질", ["기어", 16, 18], "negative"], …], submission '
            '[["본품#품질", "negative"], …]; "annotation" for "output" as well', (("sa_f1", aspect_f1),),
        ),
        Task("au", "혐오 표현 탐지", "1 or 0", _F1),
        Task("te", "함의 분석", _CLASS, _F1),
        Task("iau", "부적절성 문장에 대한 태도 탐지", _CLASS, _F1),
        Task("nli", "확신성 추론", '"6.375", a number from 1 to 7', (("mse", squared_error),)),
        Task("ea", "감정 분석", '{"joy": "True", "fear": "False", …}', (("multi_label_micro_f1", multi_label_f1),)),
        Task("sc", "이야기 완성", _TEXT, measures=("rouge1",)),
        Task("nams", "국회 회의록 안건별 요약", _TEXT, measures=("rouge1",)),
        Task("te24", "함의 분석 결과 설명문 생성", _TEXT, measures=("rouge1",)),
        Task("dcs", "일상 대화 요약", _TEXT, measures=("rouge1", "bertscore", "bleurt"), averaged=True),
        Task("t2t", "표 기반 문장 생성", _TEXTS, measures=("rouge1", "bleu1")),
        Task("ic", "그림(사진) 기반 문장 생성", _TEXTS, measures=("rouge1", "bleu1")),
        Task("cci", "대화 맥락 추론", '"inference_2"', _ACCURACY),
        Task("sr", "SR", _CLASS, _ACCURACY),
        Task("dialogue", "일상 대화 연결", _CLASS, _ACCURACY),
        Task("grammar", "국어문법", _CLASS, _ACCURACY),
        Task("isd", "ISD", '[{"id": "…", "label": "…"}, …]', (("multi_target_accuracy", targets),)),
    )
}  # fmt: skip


@dataclass(frozen=True)
class TaskResult:
    """The figures of a submission to one task."""

    task: str
    figures: dict[str, Estimate]
    final_score: Estimate | None
    absent: dict[str, str]


def find_task(name: str) -> Task:
    """The task called ``name``."""
    if name not in TASKS:
        raise UsageError(f"there is no task {name!r}{did_you_mean(name, TASKS)}; there are {listed(TASKS, 40)}")
    return TASKS[name]


def score_task(
    name: str,
    gold: Sequence[Item],
    submission: Sequence[Item],
    measures: Measures,
    rules: Rules = "official",
    seed: int = 0,
) -> TaskResult:
    """Score a submission to any task but ``correction`` and ``culture_qa``, which have results of their own.

    ``final_score`` is the one figure of a task that has one, or the mean of the three measures; None for tasks that are
    ranked by more than one, and where a measure is absent.
    """
    task = find_task(name)
    pairs = paired_by_id(gold, submission)
    wanted, given = [one.output for one, _ in pairs], [two.output for _, two in pairs]
    try:
        if task.metrics:
            figures = {name: estimate(*function(wanted, given, rules), seed=seed) for name, function in task.metrics}
            absent: dict[str, str] = {}
        else:
            ids = [one.id for one, _ in pairs]
            values, absent = _written(task, ids, wanted, given, measures)
            figures = {name: mean(column, seed) for name, column in values.items()}
    except DataError as error:
        raise DataError(f"task {task.name} ({task.title}): {error}; an output of it is {task.output}") from None
    final = next(iter(figures.values())) if len(figures) == 1 and not absent else None
    if task.averaged and not absent:
        columns = [values[measure] for measure in task.measures]
        final = mean([sum(row) / len(row) for row in zip(*columns, strict=True)], seed)
    return TaskResult(task.name, figures, final, absent)


def _written(
    task: Task, ids: Sequence[str], golds: Sequence[Any], given: Sequence[Any], measures: Measures
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Values of each measure by item: ROUGE pools several references, BLEU averages, the models take the first."""
    references, texts = [references_of(value) for value in golds], [text_of(value) for value in given]
    values: dict[str, list[float]] = {}
    absent = {}
    for name in task.measures:
        needs = "rouge1" if name == "bleu1" else name
        if needs in measures.missing:
            absent[name] = measures.missing[needs]
        pairs = list(zip(texts, references, strict=True))
        if name == "bleu1" and "rouge1" in measures.computed:
            values[name] = [bleu1(text, several, measures.tokenizer) for text, several in pairs]
        elif name == "rouge1" and name in measures.computed:
            values[name] = [pooled_rouge1(text, several, measures.tokenizer) for text, several in pairs]
        elif name in measures.names:
            values[name] = measures.scores(name, ids, texts, [several[0] for several in references])
    return values, absent
