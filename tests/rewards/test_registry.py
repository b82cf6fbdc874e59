import functools
import pickle
import subprocess
import sys
from pathlib import Path

import cloudpickle
import pytest

from jeoul import exact_match, tagged
from jeoul.errors import UsageError
from jeoul.rewards import registry
from jeoul.rewards.recipes.column import Column, use
from jeoul.rewards.registry import as_reward, builtin_names, everywhere, find_reward, reward, reward_names

FILE = """
import math
from jeoul import reward

@reward(hacks=("none",))
def doubled(completions, *, factor: float = 2.0):
    "Length, doubled."
    return [factor * len(text) for text in completions]

def trl(prompts, completions, completion_ids=None, **kwargs):
    return [float(len(text)) for text in completions]

class Model:
    "A model."
    def __init__(self, size: int = 1):
        self.size = size
    def __call__(self, completions):
        return [float(self.size)] * len(completions)

number = 5
"""


@pytest.fixture(autouse=True)
def _clean_registry(monkeypatch):
    builtin_names()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(FILE, encoding="utf-8")
    return tmp_path


def made(function=None, **about):
    return reward(**about)(function or (lambda completions: [1.0] * len(completions)))


# -- the decorator


def test_a_reward_scores_lists_and_makes_columns_of_anything_else():
    assert exact_match(["4"], ["4"]) == [1.0]
    assert exact_match(completions=["4"], answer=["5"]) == [0.0]
    assert isinstance(exact_match(answer="gold"), Column)
    assert isinstance(tagged("think"), Column)
    assert tagged(["<a>x</a>"], "a") == [1.0]


def test_what_is_known_of_a_reward_is_kept():
    def length(completions, *, unit="words"):
        """Length.

        More of it.
        """

    known = made(length, name="how_long", range=(0, 9), reference="me", unit="words", cost="dear", hacks=("padding",))
    assert (known.name, known.__name__, known.__doc__[:7]) == ("how_long", "how_long", "Length.")
    assert (known.range, known.source, known.unit, known.cost, known.hacks) == (
        (0, 9),
        "me",
        "words",
        "dear",
        ("padding",),
    )
    assert (known.summary, known.native, known.stateful, known.asynchronous) == ("Length.", True, False, False)
    assert repr(known) == "<reward how_long>"
    assert find_reward("how_long") is known


def test_a_class_is_built_with_its_options():
    class Model:
        def __init__(self, size: int, *layers: str):
            self.size, self.layers = size, layers

        def __call__(self, completions, answer=None):
            return [(self.size, self.layers, text, answer) for text in completions]

    known = made(Model, name="some_model")
    assert known.stateful
    assert known(["a"], size=3) == [(3, (), "a", None)]
    assert known.bind({"size": 3})({"completions": ["a"], "answer": 5}) == [(3, (), "a", 5)]


async def later(completions): ...


class Later:
    async def __call__(self, completions): ...


@pytest.mark.parametrize("function", [later, functools.partial(later), Later, Later()])
def test_async_rewards_are_seen(function):
    assert as_reward(function, "later").asynchronous


@pytest.mark.parametrize("name", ["two words", "1st", "", "and", "None", "ﬁne"])
def test_a_name_must_be_one_that_a_gate_can_write(name):
    with pytest.raises(UsageError, match="must be an identifier"):
        made(name=name or " ")


def test_korean_names_are_names():
    assert find_reward(made(name="정답").name).name == "정답"


@pytest.mark.parametrize(
    ("about", "said"),
    [({"scope": "rows"}, "scope must be one of row, group, not 'rows'"), ({"cost": 5}, "cost must be")],
)
def test_metadata_is_checked(about, said):
    with pytest.raises(UsageError, match=said):
        made(name="known", **about)


@pytest.mark.parametrize("thing", [functools.partial(max), Later(), "exact_match", 5])
def test_what_is_no_function_cannot_be_decorated(thing):
    with pytest.raises(UsageError, match=r"@reward takes a function or a class"):
        reward(thing)


def test_arguments_that_a_recipe_needs_for_itself_are_refused():
    with pytest.raises(UsageError, match="the argument names weight, of belong to the recipe"):
        made(lambda completions, weight, *, of=1: None, name="known")


def test_a_name_is_given_once():
    with pytest.raises(
        UsageError, match=r"'exact_match' is taken by jeoul\.rewards\.matching\.exact_match; give .*lambda"
    ):
        made(name="exact_match")


def test_a_notebook_cell_may_run_twice():
    def cell():
        @reward
        def mine(completions): ...

        return mine

    first, second = cell(), cell()
    assert find_reward("mine") is second is not first


# -- finding


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "exact_mtach",
            r"no reward 'exact_mtach' \(did you mean 'exact_match'\?\); there are answer_extracted, bertscore, bleurt, boxed_format, code_bug_free",
        ),
        ("", "no reward ''"),
        ("no_such_package:fn", "importing 'no_such_package' fails: ModuleNotFoundError"),
        ("math:no_such", "'math' has no 'no_such'"),
        ("math:sqr", r"did you mean 'sqrt'\?"),
        ("math:pi", "3.14.* is not a function"),
        (":fn", "importing '' fails"),
        ("math:", "'math' has no ''"),
        ("none.py:fn", "there is no file .*none.py"),
    ],
)
def test_what_is_not_found_is_said_with_what_is_near(name, said):
    with pytest.raises(UsageError, match=said):
        find_reward(name)


def test_a_function_in_a_module():
    found = find_reward("jeoul.rewards.matching:exact_match")
    assert found is exact_match


def test_rewards_in_a_file(folder, monkeypatch):
    found = find_reward("mine.py:doubled", folder)
    assert (found.native, found.summary, found(["ab"])) == (True, "Length, doubled.", [4.0])
    assert find_reward(f"{folder}/mine.py:doubled") is found is find_reward("doubled")
    trl = find_reward("mine.py:trl", folder)
    assert (trl.native, trl.signature.every_column, trl(prompts=["a"], completions=["ab"], extra=[1])) == (
        False,
        True,
        [2.0],
    )
    assert find_reward("mine.py:Model", folder)(["a"], size=5) == [5.0]
    monkeypatch.chdir(folder)
    assert find_reward("mine.py:doubled") is found
    with pytest.raises(UsageError, match=r"has no 'double' \(did you mean 'doubled'\?\)"):
        find_reward("mine.py:double")
    with pytest.raises(UsageError, match="5 is not a function"):
        find_reward("mine.py:number")


@pytest.mark.parametrize("content", ["1/0", "def f(:", "raise SystemError('x')", "import no_such_module"])
def test_a_file_that_fails_says_how_each_time(content, tmp_path):
    (tmp_path / "bad.py").write_text(content, encoding="utf-8")
    for _ in range(2):
        with pytest.raises(UsageError, match=r"importing 'bad.py' fails: \w+Error"):
            find_reward("bad.py:f", tmp_path)


@pytest.fixture
def plugin(folder, monkeypatch):
    info = folder / "others-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[jeoul.rewards]\nbeside = others_rewards:trl\nown = others_rewards:doubled\nlost = others_rewards:none\n",
        encoding="utf-8",
    )
    (folder / "others_rewards.py").write_text(FILE, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    yield
    sys.modules.pop("others_rewards", None)


@pytest.mark.usefixtures("plugin")
def test_rewards_of_plug_ins():
    assert {"beside", "own", "lost"} <= set(reward_names())
    found = find_reward("beside")
    assert (found.name, found.native, found(completions=["ab"], prompts=[""])) == ("beside", False, [2.0])
    assert find_reward("beside") is found
    assert find_reward("own").name == "own"
    assert everywhere("beside")
    assert not everywhere("doubled")
    assert use("beside").use == "beside"
    assert pickle.loads(pickle.dumps(found)).name == "beside"
    with pytest.raises(UsageError, match=r"plug-in reward 'lost' \(others_rewards:none\) cannot be loaded"):
        find_reward("lost")


def test_any_callable_is_a_trl_function():
    for thing in (len, functools.partial(trl_length, factor=2), Later()):
        found = as_reward(thing)
        assert not found.native
        assert as_reward(found) is found
        assert as_reward(found, "renamed").name == "renamed"
    assert as_reward(functools.partial(trl_length, factor=2), "x")(completions=["ab"]) == [4]
    with pytest.raises(UsageError, match="5 is not a function"):
        as_reward(5)


def trl_length(completions, *, factor=1, **kwargs):
    return [factor * len(text) for text in completions]


def bare(completions):
    return [1.0] * len(completions)


# -- pickling


def test_a_reward_with_a_home_is_pickled_by_reference(folder):
    assert pickle.loads(pickle.dumps(exact_match)) is exact_match
    assert pickle.loads(cloudpickle.dumps(exact_match)) is exact_match
    for name in ("doubled", "trl"):
        found = find_reward(f"mine.py:{name}", folder)
        again = pickle.loads(pickle.dumps(found))
        assert (again.function, again.native) == (found.function, found.native)


def test_a_reward_in_a_file_is_found_by_another_process(folder):
    sent = pickle.dumps(find_reward("mine.py:doubled", folder))
    program = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(['ab']))"
    done = subprocess.run([sys.executable, "-c", program], input=sent, capture_output=True, check=True, cwd="/")
    assert done.stdout == b"[4.0]\n"


def test_a_reward_without_a_home_is_pickled_by_value():
    factor = 3
    known = made(lambda completions: [factor * len(text) for text in completions], name="closure")
    again = pickle.loads(cloudpickle.dumps(known))
    assert (again(["ab"]), again.name, again.native) == ([6], "closure", True)


def test_a_reward_made_of_a_function_that_keeps_its_name_stays_that_reward():
    known = made(bare, name="other_name")  # importing the locator gives the bare function, a TRL one
    again = pickle.loads(cloudpickle.dumps(known))
    assert (again.name, again.native, again(["a"])) == ("other_name", True, [1.0])


def test_a_reward_of_a_script_travels_to_another_process(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import cloudpickle, subprocess, sys\nfrom jeoul import reward\n"
        "@reward\ndef mine(completions, *, factor: int = 2):\n    return [factor * len(text) for text in completions]\n"
        "program = 'import pickle, sys; mine = pickle.load(sys.stdin.buffer); '\n"
        "program += 'print(mine([\"ab\"]), mine.name, mine(factor=3))'\n"
        "sent = cloudpickle.dumps(mine)\n"
        "print(subprocess.run([sys.executable, '-c', program], input=sent, stdout=-1, check=True).stdout)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], capture_output=True, check=True, text=True)
    assert "[4] mine use('mine', factor=3)" in done.stdout


@pytest.mark.parametrize("name", builtin_names())
def test_every_built_in_reward_says_what_it_is_and_how_it_is_gamed(name):
    known = find_reward(name)
    assert known.summary
    assert known.hacks
    assert known.native
    assert known.locator == f"{known.function.__module__}:{name}"
    assert Path(sys.modules[known.function.__module__].__file__).is_relative_to(Path(registry.__file__).parent)
    assert pickle.loads(pickle.dumps(known)) is known


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (["exact_match = others_rewards:trl"], "offers a reward 'exact_match', which is built in"),
        (["twice = others_rewards:trl", "twice = others_rewards:bare"], "two plug-ins offer a reward 'twice'"),
    ],
)
def test_a_name_that_is_taken_is_refused(points, message, tmp_path, monkeypatch):
    for number, point in enumerate(points):
        info = tmp_path / f"package{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: package{number}\nVersion: 1.0\n", encoding="utf-8"
        )
        (info / "entry_points.txt").write_text(f"[jeoul.rewards]\n{point}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=message):
        reward_names()
