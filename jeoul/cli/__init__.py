"""The ``jeoul`` command. Each command is a small file beside this one, imported when it is called."""

from __future__ import annotations

import os
import sys

from cyclopts import App, CycloptsError

import jeoul
from jeoul.errors import JeoulError

__all__ = ["app", "main"]

app = App(
    name="jeoul",
    help="Compose rewards, see what they do to the learning signal, evaluate with the same ones.",
    version=jeoul.__version__,
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
app.command("jeoul.cli.demo:run", name="demo", help="Score two small shipped data sets: a first look, in seconds.")
app.command("jeoul.cli.score:run", name="score", help="Score a file of completions with a recipe.")
app.command("jeoul.cli.explain:run", name="explain", help="Tell one row of a scored table, term by term.")
app.command("jeoul.cli.diagnose:run", name="diagnose", help="Show what GRPO, GDPO and others make of a table.")
app.command("jeoul.cli.eval:run", name="eval", help="Evaluate completions on a suite, with honest statistics.")
app.command("jeoul.cli.dashboard:run", name="dashboard", help="Watch evaluations and training runs, live.")
app.command("jeoul.cli.report:run", name="report", help="Write a run's report: HTML, Markdown, JSON, a model card.")
app.command("jeoul.cli.compare:run", name="compare", help="Compare runs by question: what differs, how sure it is.")
app.command("jeoul.cli.regrade:run", name="regrade", help="Grade a run again, by another version or recipe.")
exports = App(name="export", help="Write a suite as a task of another harness: the same problems, prompts and grades.")
exports.command("jeoul.cli.export:inspect", name="inspect", help="A Python file for inspect_ai.")
exports.command("jeoul.cli.export:lm_eval", name="lm-eval", help="A folder for lm-eval's --include_path.")
app.command(exports)
app.command("jeoul.cli.rewards:run", name="rewards", help="List the rewards, or show one reward's card.")
app.command("jeoul.cli.verify:run", name="verify", help="Explain the verdict on a maths answer, or audit golds.")
app.command("jeoul.cli.run_code:run", name="run-code", help="Run one program against its tests, in the sandbox.")
sandbox = App(name="sandbox", help="What holds the programs of code rewards on this machine.")
sandbox.command("jeoul.cli.sandbox:check", name="check", help="Try what a hostile program would; show what is denied.")
app.command(sandbox)
recipes = App(name="recipe", help="Check, show and describe recipes.")
recipes.command("jeoul.cli.recipe:check", name="check", help="Report every mistake in a recipe at once.")
recipes.command(
    "jeoul.cli.recipe:show", name="show", help="Show a recipe as Python, its fingerprint and what it reads."
)
recipes.command("jeoul.cli.recipe:schema", name="schema", help="Print the JSON Schema of recipes, for editors.")
recipes.command("jeoul.cli.recipe:shipped", name="list", help="List the recipes that come with Jeoul.")
app.command(recipes)
contest = App(name="contest", help="Score, check and write submissions to the Korean language contest (말평).")
contest.command("jeoul.cli.contest.score:run", name="score", help="Score a submission as the contest's server does.")
contest.command("jeoul.cli.contest.lint:run", name="lint", help="Tell why outputs are not in the stated form.")
contest.command("jeoul.cli.contest.write:run", name="write", help="Write a checked submission from a table.")
app.command(contest)
benchmarks = App(name="bench", help="Measure speed and parity against peers; every figure in the docs comes from here.")
benchmarks.command("jeoul.benchmarks.engine:run", name="engine", help="Overhead of the scoring engine.")
benchmarks.command("jeoul.benchmarks.advantages:run", name="advantages", help="Advantages beside TRL's and verl's.")
benchmarks.command("jeoul.benchmarks.losses:run", name="losses", help="Token log-probabilities: time, memory, error.")
benchmarks.command("jeoul.benchmarks.reward_peers:run", name="rewards", help="Our rewards beside peers' of that name.")
benchmarks.command(
    "jeoul.benchmarks.math:run", name="math", help="math_correct beside Math-Verify: verdicts and speed."
)
benchmarks.command("jeoul.benchmarks.code:run", name="code", help="The sandbox beside other harnesses: speed, memory.")
benchmarks.command("jeoul.benchmarks.evaluation:run", name="eval", help="Scoring many saved samples: time, memory.")
benchmarks.command("jeoul.benchmarks.text:run", name="text", help="Text rewards beside rouge-score: speed, equality.")
collapse = App(name="collapse", help="What is lost when several rewards become one advantage: GRPO against GDPO.")
collapse.command("jeoul.benchmarks.collapse.counts:run", name="counts", help="Distinct advantages, collapse: exactly.")
collapse.command("jeoul.benchmarks.collapse.bandit:run", name="bandit", help="Estimators trained on small bandits.")
collapse.command("jeoul.benchmarks.collapse.own_table:run", name="table", help="The same asked of your own rewards.")
collapse.command(
    "jeoul.benchmarks.collapse.objectives:run", name="objectives", help="Policy objectives, stale samples."
)
collapse.command("jeoul.benchmarks.collapse.report:run", name="report", help="Report what a study has found.")
collapse.command("jeoul.benchmarks.collapse.train:run", name="train", help="Estimators on a small transformer.")
benchmarks.command(collapse)
app.command(benchmarks)


def main() -> None:
    """Run the command line; exit codes: 0 ok, 1 a check failed, 2 usage, 3 data."""
    try:
        app(exit_on_error=False)
    except CycloptsError:  # cyclopts has printed it
        sys.exit(2)
    except JeoulError as error:
        print(f"jeoul: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("jeoul: stopped; the same command goes on from what its output holds", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # `jeoul rewards | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
