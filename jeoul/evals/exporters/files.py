"""The files of exported suites: a Python file for inspect_ai, a folder for lm-eval; neither package is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, UsageError
from jeoul.evals.exporters.grading import refuse_raw
from jeoul.evals.protocols import Protocol, find_protocol
from jeoul.evals.suites import Suite, find_suite, split_name
from jeoul.writing import whole_file

__all__ = ["inspect_file", "lm_eval_files", "write_files"]

HASH = 16  # letters of a fingerprint that an exported file keeps


def inspect_file(name: str, samples: int | None = None) -> str:
    """The text of a Python file with one inspect_ai task, ``inspect eval FILE``."""
    suite, protocol = _opened(name, samples)
    refuse_raw(protocol)
    task = _identifier(suite.name)
    title = f"{_line(suite.name)} (version {suite.version}) for inspect_ai, under the protocol {_line(protocol.name)}."
    return f'''"""{title}

{_line(suite.about)}

Run: inspect eval FILE --model MODEL; local copies of the problems: -T data=FOLDER.
"""

from inspect_ai import Task, task

from jeoul.evals.exporters.inspect_ai import suite_task


@task
def {task}(data: str | None = None, samples: int | None = {samples}) -> Task:
    return suite_task({_located(name)!r}, data=data, samples=samples, suite_hash="{suite.fingerprint[:HASH]}")
'''


def lm_eval_files(name: str, samples: int | None = None) -> dict[str, str]:
    """File name → text of a folder with one lm-eval task, ``lm_eval --include_path FOLDER --tasks jeoul_SUITE``."""
    suite, protocol = _opened(name, samples)
    task = f"jeoul_{_identifier(suite.name)}"
    about = {"suite": _located(name), "samples": samples, "suite_hash": suite.fingerprint[:HASH]}
    utils = '''"""Called by the task's YAML; written by jeoul export lm-eval."""

from pathlib import Path

from jeoul.evals.exporters.lm_eval import ExportedTask, mean_of_known

exported = ExportedTask(Path(__file__).parent)
problems, results, mean = exported.problems, exported.results, mean_of_known
'''
    return {
        f"{task}.yaml": _yaml(task, suite, protocol),
        "utils.py": utils,
        "jeoul.json": json.dumps(about, indent=2) + "\n",
    }


def write_files(files: Mapping[Path, str], force: bool) -> None:
    """Write all, or refuse: UsageError where one is there and ``force`` is not given."""
    there = [path for path in files if path.exists()]
    if there and not force:
        raise UsageError(f"{there[0]} exists; give --force to replace it, or another -o")
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as beside:
                beside.write_text(text, encoding="utf-8")
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error}") from None


def _opened(name: str, samples: int | None) -> tuple[Suite, Protocol]:
    suite_name, protocol_name = split_name(name)
    suite, protocol = find_suite(suite_name), find_protocol(protocol_name)
    suite.recipe  # noqa: B018 - refuses a suite that cannot be scored yet
    return suite, protocol if samples is None else protocol.with_samples(samples)


def _yaml(task: str, suite: Suite, protocol: Protocol) -> str:
    """JSON values are YAML; what is called is written as lm-eval's ``!function``."""
    drawn, n = protocol.sampling, max(1, protocol.asked)
    kwargs: dict[str, Any] = {"until": []}
    if drawn is not None:
        kwargs = {"until": list(drawn.stop), "max_gen_toks": drawn.max_tokens, "do_sample": not drawn.greedy}
        kwargs |= {} if drawn.greedy else {"temperature": drawn.temperature, "top_p": drawn.top_p}
    system = [f"description: {_value('{% raw %}' + protocol.system + '{% endraw %}')}"] if protocol.system else []
    score = suite.score
    names = [score, *(name for name in suite.recipe.names if name != score), "scored"]
    metrics = [
        line
        for name in names
        for line in (
            f"  - metric: {_value(name)}",
            "    aggregation: !function utils.mean",
            "    higher_is_better: true",
        )
    ]
    return "\n".join(
        [
            f"# {_line(suite.name)} (version {suite.version}) under the protocol {_line(protocol.name)}; written by",
            "# jeoul export lm-eval. Chat protocols need --apply_chat_template"
            + (", this raw prompt must not have it." if protocol.raw else "."),
            f"task: {task}",
            "custom_dataset: !function utils.problems",
            "test_split: test",
            "output_type: generate_until",
            *system,
            'doc_to_text: "{{prompt}}"',
            'doc_to_target: "{{answer}}"',
            f"generation_kwargs: {_value(kwargs)}",
            f"repeats: {n}",
            "filter_list:  # without it lm-eval scores the first sample alone",
            f'  - {{name: "all", filter: [{{function: "take_first_k", k: {n}}}]}}',
            "process_results: !function utils.results",
            "metric_list:",
            *metrics,
            f"metadata: {_value({'version': suite.version})}",
            "",
        ]
    )


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _located(name: str) -> str:
    """Files by their whole path: the exported file may lie anywhere."""
    parts = split_name(name)
    return "@".join(str(Path(part).resolve()) if part.endswith(".toml") or "/" in part else part for part in parts)


def _identifier(name: str) -> str:
    made = re.sub(r"\W", "_", name)
    return made if made.isidentifier() else f"suite_{made}"


def _line(text: str) -> str:
    """One line of a docstring or comment that nothing in it can end."""
    return " ".join(text.split()).replace("\\", "/").replace('"""', "'''")
