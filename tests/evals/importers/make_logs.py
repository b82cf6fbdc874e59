"""Makes the logs that the tests read, each with its own package, where that package is installed.

    python make_logs.py inspect-ai | lm-eval | lighteval | trl | verl

They were made with inspect_ai 0.3.285, lm_eval 0.4.13, lighteval 0.13.0, trl 1.16.0 and verl 0.9.1.
"""

from __future__ import annotations

import ast
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "logs"
PROBLEMS = [
    {"id": "a", "problem": "What is 7 times 8?", "answer": "56"},
    {"id": "b", "problem": "Halve $\\frac{6}{7}$.", "answer": "\\frac{3}{7}"},
    {"id": "c", "problem": "한 변이 3인 정사각형의 넓이는?", "answer": "9"},
]


def answers(problem: dict[str, str]) -> list[str]:
    """Two samples: a right one, and one that differs by problem."""
    other = {"a": "I think \\boxed{54}", "b": "Let me see" + " and see" * 40, "c": "답은 \\boxed{9}"}
    return [f"So \\boxed{{{problem['answer']}}}.", other[problem["id"]]]


def inspect_ai() -> None:
    import inspect_ai as inspect
    from inspect_ai import Task, task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.log import read_eval_log, write_eval_log
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import includes
    from inspect_ai.solver import generate, system_message

    asked: dict[str, int] = {}

    def output(input: Any, *_: Any) -> Any:
        problem = next(p for p in PROBLEMS if p["problem"] == input[-1].text)
        epoch = asked[problem["id"]] = asked.get(problem["id"], -1) + 1
        reason = "max_tokens" if (problem["id"], epoch) == ("b", 1) else "stop"
        made = ModelOutput.from_content("mockllm/model", answers(problem)[epoch], stop_reason=reason)
        if problem["id"] == "c" and epoch:
            made = ModelOutput.from_content("mockllm/model", "I cannot help.", stop_reason="content_filter")
        made.usage = ModelUsage(input_tokens=11, output_tokens=20 + epoch, total_tokens=31 + epoch)
        return made

    @task
    def sums() -> Any:
        samples = [Sample(input=p["problem"], target=p["answer"], id=p["id"]) for p in PROBLEMS]
        return Task(
            MemoryDataset(samples), solver=[system_message("Be brief."), generate()], scorer=includes(), epochs=2
        )

    with tempfile.TemporaryDirectory() as folder:
        inspect.eval(
            sums(),
            model=get_model("mockllm/model", custom_outputs=output),
            log_dir=folder,
            display="none",
            max_samples=1,
        )
        log = next(Path(folder).glob("*.eval"))
        made = read_eval_log(str(log))
        made.eval.model_args, made.eval.revision, made.eval.task_file = {}, None, None  # long, or of a machine
        for sample in made.samples or []:
            sample.events = []
        for ending in ("eval", "json"):
            write_eval_log(made, str(HERE / f"inspect.{ending}"))


def lm_eval() -> None:
    import lm_eval
    from lm_eval.api.model import LM
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    class Saved(LM):
        def __init__(self) -> None:
            super().__init__()
            self.asked: dict[str, int] = {}

        def generate_until(self, requests: Any, **_: Any) -> list[str]:
            found = []
            for request in requests:
                problem = next(p for p in PROBLEMS if p["problem"] in request.args[0])
                number = self.asked[problem["id"]] = self.asked.get(problem["id"], -1) + 1
                found.append(answers(problem)[number])
            return found

        def loglikelihood(self, requests: Any, **_: Any) -> Any:
            return [(-1.5, False) for _ in requests]

        loglikelihood_rolling = loglikelihood

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data.jsonl")
        data.write_text(
            "".join(
                json.dumps({"unique_id": p["id"], **{k: p[k] for k in ("problem", "answer")}}) + "\n" for p in PROBLEMS
            )
        )
        common = f"dataset_path: json\ndataset_kwargs: {{data_files: {{test: {data}}}}}\ntest_split: test\n"
        Path(folder, "sums.yaml").write_text(
            common + 'task: sums\noutput_type: generate_until\ndoc_to_text: "Question: {{problem}}\\nAnswer:"\n'
            'doc_to_target: "{{answer}}"\ngeneration_kwargs: {until: ["\\n\\n"], do_sample: true, temperature: 0.5}\nrepeats: 2\n'
            "filter_list:\n- {name: first, filter: [{function: take_first}]}\n"
            '- {name: number, filter: [{function: regex, regex_pattern: "(\\\\d+)"}, {function: take_first}]}\n'
            "metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]\n"
        )
        Path(folder, "choice.yaml").write_text(
            common + 'task: choice\noutput_type: multiple_choice\ndoc_to_text: "{{problem}}"\ndoc_to_target: 0\n'
            'doc_to_choice: ["{{answer}}", "0"]\nmetric_list: [{metric: acc}]\n'
        )
        tracker = EvaluationTracker(output_path=f"{folder}/out")
        manager = TaskManager(include_path=folder, include_defaults=False)
        results = lm_eval.simple_evaluate(Saved(), tasks=["sums", "choice"], task_manager=manager, bootstrap_iters=0)
        samples = results.pop("samples")
        tracker.save_results_aggregated(results=results, samples=samples)
        for name in ("sums", "choice"):
            tracker.save_results_samples(task_name=name, samples=samples[name])
            written = next(Path(folder, "out").rglob(f"samples_{name}_*.jsonl"))
            shutil.copy(written, HERE / f"samples_{name}.jsonl")


def lighteval() -> None:
    from dataclasses import asdict

    from datasets import Dataset
    from lighteval.logging.evaluation_tracker import EvaluationTracker
    from lighteval.logging.info_loggers import DetailsLogger
    from lighteval.models.model_output import ModelResponse
    from lighteval.tasks.requests import Doc, SamplingMethod

    details = []
    for number, problem in enumerate(PROBLEMS):
        doc = Doc(
            query=f"Solve this.\n{problem['problem']}\nAnswer:", choices=[problem["answer"]], gold_index=0, id=str(number),
            task_name="sums", num_samples=2, sampling_methods=[SamplingMethod.GENERATIVE], generation_size=64,
        )  # fmt: skip
        tokens = [[5] * 7, [5] * (64 if problem["id"] == "b" else 4)]
        response = ModelResponse(input=doc.query, input_tokens=[1] * 9, text=answers(problem), output_tokens=tokens)
        details.append(asdict(DetailsLogger.Detail(doc=doc, model_response=response, metric={"em": 1.0})))
    with tempfile.TemporaryDirectory() as folder:
        tracker = EvaluationTracker(output_dir=folder, save_details=True)
        tracker.general_config_logger.model_name = "tiny/model"
        tracker.save_details("2026-01-01", {"sums": Dataset.from_list(details)})
        shutil.copy(next(Path(folder).rglob("*.parquet")), HERE / "details_sums.parquet")


def trl() -> None:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    sys.path.insert(0, str(Path(__file__).parents[1] / "generation"))
    from tiny_lm import make_model

    def length(completions: Any, **_: Any) -> list[float]:
        return [float(len(one[0]["content"])) for one in completions]

    with tempfile.TemporaryDirectory() as folder:
        model = make_model(Path(folder, "model"))
        rows = [{"prompt": [{"role": "user", "content": p["problem"]}], "answer": p["answer"]} for p in PROBLEMS]
        config = GRPOConfig(
            output_dir=f"{folder}/out", max_steps=2, per_device_train_batch_size=6, num_generations=2, logging_steps=1,
            max_completion_length=8, log_completions=True, report_to=[], use_cpu=True, bf16=False, save_strategy="no",
        )  # fmt: skip
        GRPOTrainer(str(model), length, args=config, train_dataset=Dataset.from_list(rows)).train()
        shutil.copy(Path(folder, "out/completions/completions_00001.parquet"), HERE / "completions_00001.parquet")


def verl() -> None:
    """By verl's own function, taken out of its source: the trainer around it needs GPUs."""
    import importlib.util

    found = importlib.util.find_spec("verl")
    assert found is not None
    assert found.submodule_search_locations
    source = Path(found.submodule_search_locations[0], "trainer/ppo/ray_trainer.py").read_text()
    function = next(
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == "_write_generations"
    )
    function.decorator_list = []
    names: dict[str, Any] = {"json": json, "os": __import__("os")}
    exec(compile(ast.Module([function], []), "ray_trainer.py", "exec"), names)
    asked = [problem for problem in PROBLEMS for _ in range(2)]
    inputs = [f"system\nYou are a helpful assistant.\nuser\n{p['problem']} Box it.\nassistant\n" for p in asked]
    outputs = [text for problem in PROBLEMS for text in answers(problem)]
    golds, scores = [p["answer"] for p in asked], [1.0, 0.0] * 3
    names["_write_generations"](inputs, outputs, golds, scores, {"acc": scores}, str(HERE), 20)
    (HERE / "20.jsonl").rename(HERE / "verl_20.jsonl")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for name in sys.argv[1:]:
        globals()[name.replace("-", "_")]()
