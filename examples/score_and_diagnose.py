"""Compose rewards in Python, score the shipped demo completions, and see what GRPO and GDPO make of the columns.

python examples/score_and_diagnose.py
"""

from importlib.resources import as_file, files

from jeoul import Rollouts, math_correct, reward, rouge1, soft_overlong, tagged, words
from jeoul.trainers.diagnosis import diagnose


@reward(range=(0, 1), hacks=("checks nothing and says so",))
def checks_itself(completions, *, phrases: tuple[str, ...] = ("check", "verify", "wait")):
    """1 if the completion looks over its own reasoning."""
    return [float(any(phrase in text.lower() for phrase in phrases)) for text in completions]


def main() -> None:
    """Score and diagnose."""
    correct = math_correct(answer="answer").named("correct")
    recipe = (
        1.0 * correct
        + 0.2 * tagged("think", "answer")
        + 0.3 * rouge1(reference="solution").when(correct >= 1)
        + 0.5 * soft_overlong(limit=words(400), buffer=words(200))
        + checks_itself().monitor()
    ).normalise("column")

    with as_file(files("jeoul.demo") / "maths.jsonl") as path:
        table = recipe.score(Rollouts.of(path))
    print(table.summary()[["weight", "mean", "std", "silent_groups"]])
    print(table.explain(int(table.total().argmax())))
    print(diagnose(table))


# Rewards run in processes of their own, which import nothing of this file: a script needs no guard for them.
if __name__ == "__main__":
    main()
