"""One policy-gradient step with several rewards, without a trainer: reward table → GDPO advantages → GSPO loss.

The policy is a table of logits over four answers, so that the whole step can be read. python examples/gdpo_step.py
"""

import torch

from jeoul import Recipe, exact_match, length_within, words
from jeoul.trainers.losses import policy_loss
from jeoul.trainers.signal import Columns, Signal

ANSWERS = ["4", "four", "It is 4 I think", "5"]


def main() -> None:
    """Take twenty steps and print the policy."""
    torch.manual_seed(0)
    logits = torch.zeros(len(ANSWERS), requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.2)
    recipe = Recipe(1.0 * exact_match(), 0.5 * length_within(most=words(1))).normalise("column")

    for _ in range(20):
        with torch.no_grad():
            chosen = torch.multinomial(logits.softmax(0), 16, replacement=True)
            old_logp = logits.log_softmax(0)[chosen].unsqueeze(1)
        rows = [{"prompt": "2+2?", "completion": ANSWERS[index], "answer": "4"} for index in chosen.tolist()]
        table = recipe.score(rows, workers=0)
        signal = Signal.of(recipe.advantage.estimator, Columns.of(table))
        logp = logits.log_softmax(0)[chosen].unsqueeze(1)
        loss = policy_loss("gspo")(logp, old_logp, signal.advantages.float(), torch.ones_like(logp))
        optimizer.zero_grad()
        loss.value.backward()
        optimizer.step()

    for answer, probability in zip(ANSWERS, logits.softmax(0).tolist(), strict=True):
        print(f"{probability:.2f}  {answer}")


if __name__ == "__main__":
    main()
