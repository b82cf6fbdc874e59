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
app.command("jeoul.cli.rewards:run", name="rewards", help="List the rewards, or show one reward's card.")
app.command("jeoul.cli.verify:run", name="verify", help="Explain the verdict on a maths answer, or audit golds.")
recipes = App(name="recipe", help="Check, show and describe recipes.")
recipes.command("jeoul.cli.recipe:check", name="check", help="Report every mistake in a recipe at once.")
recipes.command(
    "jeoul.cli.recipe:show", name="show", help="Show a recipe as Python, its fingerprint and what it reads."
)
recipes.command("jeoul.cli.recipe:schema", name="schema", help="Print the JSON Schema of recipes, for editors.")
recipes.command("jeoul.cli.recipe:shipped", name="list", help="List the recipes that come with Jeoul.")
app.command(recipes)
benchmarks = App(name="bench", help="Measure speed and parity against peers; every figure in the docs comes from here.")
benchmarks.command("jeoul.benchmarks.engine:run", name="engine", help="Overhead of the scoring engine.")
benchmarks.command("jeoul.benchmarks.advantages:run", name="advantages", help="Advantages beside TRL's and verl's.")
benchmarks.command("jeoul.benchmarks.losses:run", name="losses", help="Token log-probabilities: time, memory, error.")
benchmarks.command("jeoul.benchmarks.reward_peers:run", name="rewards", help="Our rewards beside peers' of that name.")
benchmarks.command(
    "jeoul.benchmarks.math:run", name="math", help="math_correct beside Math-Verify: verdicts and speed."
)
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
        print("jeoul: stopped; with -o, the same command goes on from where it was", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # `jeoul rewards | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
