"""The command `madorizu`: what it prints, its exit status, and what it does not import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import madorizu
import plans
from madorizu import pipeline
from madorizu.app import cli
from madorizu.brief import Brief
from madorizu.diffusion.pretrain import stages
from madorizu.diffusion.pretrain.recipe import Recipe
from madorizu.diffusion.pretrain.stages import Order
from madorizu.errors import AdapterError
from madorizu.plan import House
from madorizu.plan_json import house_to_json, plan_to_json

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "diffusers", "transformers", "peft", "accelerate")
WITHOUT_MODELS = f"""
import importlib.abc, sys
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Block())
"""


def run(*arguments: str) -> int:
    """Run the command in this process and return its exit status."""
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return int(caught.value.code or 0)


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a new interpreter that knows the package."""
    path = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})\n"
    return subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    """The sample house, which the solver returns whatever it is asked."""
    made = plans.sample_house()

    def house_for(brief: Brief, *, seed: int, time_limit_s: float = 30.0) -> House:
        return made

    monkeypatch.setattr(pipeline, "_house_for", lambda: house_for)
    return made


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Fake models: notes what is loaded; a base draws noise, an adapter lighter noise."""
    from madorizu.app import models

    loaded: list[Any] = []

    def load(base: str | None, adapter: Path | None, **options: Any) -> models.Model:
        loaded.append((base, adapter, options))

        def draw(captions: Sequence[str], seeds: Sequence[int]) -> Any:
            low = 100 if adapter else 0
            return np.stack([np.random.default_rng(s).integers(low, 256, (32, 32, 3), np.uint8) for s in seeds])

        return models.Model(draw, base or "embedded", adapter, "atelier" if adapter else None)

    monkeypatch.setattr(models, "load", load)
    monkeypatch.setattr(models, "find_adapter", lambda given: given or Path("final"))
    monkeypatch.setattr(models, "style_of", lambda adapter: "atelier")
    monkeypatch.setattr(models, "size_of", lambda adapter: 32)
    monkeypatch.setattr(models, "base_of", lambda adapter: "embedded")
    return loaded


# --- generate --------------------------------------------------------------------------


def test_generate_writes_the_picture_and_prints_its_path(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Results go to stdout, what was asked and the seed to stderr."""
    out = tmp_path / "plan.png"
    assert run("generate", "--width", "8", "--height", "9", "--output", str(out), "--seed", "5") == 0
    said = capsys.readouterr()
    assert said.out.split() == [str(out)]
    assert "floor plan, 1F, 8x9, entrance, stairs (seed 5, simple)" in said.err
    assert out.read_bytes().startswith(b"\x89PNG")


def test_elements_take_commas_blanks_and_repetition(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--elements reads as people write it; --count numbers the files; a random seed is printed."""
    size = ("--width", "8", "--height", "9", "--output", str(tmp_path / "p.png"))
    words = ("--floor", "both", "--elements", "stair,entrance", "--elements", "balcony", "--entrance", "s")
    assert run("generate", *size, *words, "--bedrooms", "2", "--count", "2", "--no-labels") == 0
    said = capsys.readouterr()
    assert "floor plan, both, 8x9, entrance south, stairs, balcony, 2 bedrooms (seed " in said.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p-1.png", "p-2.png", "p-3.png", "p-4.png"]


def test_all_wishes_of_a_brief_have_a_flag(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """nLDK, the stair's place, the size of the 2F, and rooms by any of their names."""
    size = ("--width", "8", "--height", "9", "--upper", "8x8.5", "--floor", "both", "--output", str(tmp_path / "p.png"))
    words = ("--nldk", "4", "--stair-place", "北西", "--features", "tatami room,den", "--features", "ランドリー")
    assert run("generate", *size, *words) == 0
    asked = "floor plan, both, 8x9, upper 8x8.5, entrance, stairs northwest, 4LDK, tatami, study, laundry (seed "
    assert asked in capsys.readouterr().err


def test_a_request_in_words(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--request says the whole wish; how it was understood, and what was assumed, goes to stderr."""
    out = ("--output", str(tmp_path / "p.png"), "--seed", "3")
    assert run("generate", "--request", "8x9 3LDK 南玄関 LDK18帖", "--style", "blueprint", *out) == 0
    said = capsys.readouterr()
    assert said.out.split() == [str(tmp_path / "p-1.png"), str(tmp_path / "p-2.png")]
    assert said.err.splitlines()[:8] == [
        "  8x9 = 8x9",
        "  3ldk = 3LDK",
        "  南玄関 = entrance south",
        "  ldk = LDK",
        "  18帖 = left open",
        "  assumed: the size of a single room cannot be asked: 18帖 is left open",
        "  assumed: storeys are not said: a house of two is taken (say bungalow for one)",
        "  assumed: stairs added: such a storey has them",
    ]
    asked = "  floor plan, both, 8x9, entrance south, stairs, 3LDK, LDK, style blueprint (seed 3, simple)"
    assert said.err.splitlines()[8] == asked


def test_a_request_to_a_model_is_its_caption(
    model: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model is asked for one storey in the grammar's words, in the adapter's style or none."""
    out = ("--output", str(tmp_path / "p.png"), "--seed", "3", "--generator", "lora")
    assert run("generate", "--request", "2階 8×7.5 洋室3 階段 中央", *out) == 0
    asked = "floor plan, 2F, 8x7.5, stairs center, 3 bedrooms"
    assert f"  {asked}, style atelier (seed 3, lora)" in capsys.readouterr().err
    assert run("generate", "--request", "2階 8×7.5 洋室3 階段 中央", "--style", "none", *out) == 0
    assert f"  {asked} (seed 3, lora)" in capsys.readouterr().err
    assert run("generate", "--request", "二階建て 8x8", *out) == 2
    assert "error: floor must be 1F, 2F or unknown for a model, got both" in capsys.readouterr().err


def test_a_random_seed_is_not_always_the_same(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same size gives another plan unless a seed is given."""
    size = ("--width", "8", "--height", "9", "--output", str(tmp_path / "p.svg"))
    seeds = set()
    for _ in range(2):
        assert run("generate", *size) == 0
        seeds.add(capsys.readouterr().err.split("(seed ")[1].split(",")[0])
    assert len(seeds) == 2


def test_generate_draws_with_the_adapter(model: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--generator lora loads once; captions take the adapter's style."""
    options = ("--generator", "lora", "--steps", "3", "--seed", "1", "--output", str(tmp_path / "p.png"))
    assert run("generate", "--width", "8", "--height", "8", *options) == 0
    assert model == [(None, Path("final"), {"device": "auto", "steps": 3, "guidance": None})]
    assert "style atelier (seed 1, lora)" in capsys.readouterr().err


def test_an_empty_picture_is_written_but_fails(
    model: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is there to be looked at; the status says that it is no plan."""
    from madorizu.app import models

    grey = models.Model(lambda c, s: np.full((1, 32, 32, 3), 99, np.uint8), "embedded", Path("final"), None)
    monkeypatch.setattr(models, "load", lambda *a, **k: grey)
    out = tmp_path / "p.png"
    assert run("generate", "--width", "8", "--height", "8", "--generator", "lora", "--output", str(out)) == 1
    assert "P01 the picture is empty" in capsys.readouterr().err
    assert out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--width", "x", "--height", "8"), "error: width must be a number of modules, got 'x'\n"),
        (("--width", "8", "--height", "8", "--floor", "3F"), "error: floor must be one of"),
        (("--width", "8", "--height", "8", "--generator", "oracle"), "error: generator must be simple or lora"),
        (("--width", "8", "--height", "8", "--style", "nope"), "error: style must be one of"),
        (("--width", "8", "--height", "8", "--raw"), "error: raw must be asked of a model, got the simple generator"),
        (("--width", "0", "--height", "8"), "error: width must be 2 to 30 modules of 910 mm, got 0"),
        (("--height", "8"), "error: width and height must be given, or a request, got neither"),
        (("--request", "8x9 プール"), "error: request must be of known words, got 'プール'\n  say a size (8x9"),
        (
            ("--request", "8x9", "--width", "8", "--nldk", "3"),
            "error: request must be the whole wish, got --width, --nldk beside it\n",
        ),
        (
            ("--request", "平屋 13x7 バルコニー"),
            "  平屋 = 1F without stairs\n  13x7 = 13x7\n  バルコニー = balcony\n"
            "  assumed: entrance added: such a storey has them\n"
            "error: balcony must be on the 2F, got a house of one storey\n",
        ),
        (("--width", "8", "--height", "8", "--nldk", "3"), "error: floor must be given with nldk, got none\n"),
        (("--width", "8", "--height", "8", "--upper", "8"), "error: floor must be given with upper, got none\n"),
        (
            ("--width", "8", "--height", "8", "--floor", "both", "--upper", "8"),
            "error: upper must be a size like 9x7, got '8'\n",
        ),
        (("--width", "8", "--height", "8", "--stair-place", "attic"), "error: stair place must be one of northwest,"),
        (("--width", "8", "--height", "8", "--features", "pool"), "error: feature must be one of LDK, tatami, bath,"),
        (
            ("--width", "8", "--height", "8", "--floor", "2F", "--entrance", "s"),
            "error: entrance must be on the 1F, got a wish for the 2F\n",
        ),
        (("--width", "8", "--height", "51"), "error: height must be 2 to 30 modules of 910 mm, got 51"),
    ],
)
def test_bad_input_is_two_lines_and_status_2(
    arguments: tuple[str, ...], message: str, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, no file."""
    assert run("generate", *arguments, "--output", str(tmp_path / "p.png")) == 2
    said = capsys.readouterr().err
    assert said.startswith(message)
    assert "Traceback" not in said and not list(tmp_path.iterdir())


def test_a_bad_file_name_is_refused_before_drawing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is solved for a picture that cannot be written."""
    assert run("generate", "--width", "8", "--height", "8", "--output", str(tmp_path / "p.bmp")) == 2
    assert "output must end with .png, .svg or .json, got 'p.bmp'" in capsys.readouterr().err


def test_hints_stand_on_a_line_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Errors that are not the caller's words have status 1."""
    from madorizu.app import models

    def missing(given: Path | None) -> Path:
        raise AdapterError("there must be an adapter, got none", "train one")

    monkeypatch.setattr(models, "find_adapter", missing)
    out = str(tmp_path / "p.png")
    assert run("generate", "--width", "8", "--height", "8", "--generator", "lora", "--output", out) == 1
    assert capsys.readouterr().err == "error: there must be an adapter, got none\n  train one\n"


# --- check -----------------------------------------------------------------------------


def test_check_reads_plans_houses_and_sidecars(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever JSON of ours holds a plan can be checked; --json is for programs."""
    (tmp_path / "plan.json").write_text(json.dumps(plan_to_json(house.plans[0])))
    (tmp_path / "house.json").write_text(json.dumps(house_to_json(house)))
    pair = ("--output", str(tmp_path / "pair.png"), "--sidecar")
    assert run("generate", "--width", "8", "--height", "9", *pair) == 0
    capsys.readouterr()
    names = [str(tmp_path / n) for n in ("plan.json", "house.json", "pair.json")]
    assert run("check", *names, "--json") == 0
    results = json.loads(capsys.readouterr().out)
    assert [(r["file"], r["lawful"]) for r in results] == [(n, True) for n in names]
    assert {"code", "hard", "message", "message_ja"} <= results[1]["findings"][0].keys()
    assert run("check", names[1]) == 0
    assert capsys.readouterr().out.startswith(f"{names[1]}: lawful, ")


def test_check_fails_where_a_rule_is_broken(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A house without its doors is unlawful: status 1, and the codes are listed."""
    data = plan_to_json(house.plans[0]) | {"openings": []}
    path = tmp_path / "closed.json"
    path.write_text(json.dumps(data))
    assert run("check", str(path)) == 1
    said = capsys.readouterr().out
    assert " broken, " in said and "  H04 1F " in said


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "must be JSON that can be read"), ("[" * 100_000, "must be JSON that can be read")],
)
def test_check_refuses_what_is_no_plan(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Broken files are input errors."""
    path = tmp_path / "x.json"
    path.write_text(text)
    assert run("check", str(path)) == 2
    assert message in capsys.readouterr().err
    assert run("check", str(tmp_path / "missing.json")) == 2


def test_check_refuses_a_sidecar_without_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other tools' sidecars describe a picture, not a plan."""
    data = {"grid_px": 64, "grid_mm": 910, "floor": "1F", "layout_bounds": {"width_grids": 8, "height_grids": 9}}
    (tmp_path / "plan_1f.json").write_text(json.dumps(data))
    assert run("check", str(tmp_path / "plan_1f.json")) == 2
    assert "must hold a plan, got a sidecar without one" in capsys.readouterr().err


# --- the others ------------------------------------------------------------------------


def test_prepare_prints_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The flags arrive at `dataset.prepare`, and its report is what is printed."""
    from madorizu import dataset

    asked: list[Any] = []

    def prepare(source: Path, out: Path, **options: Any) -> Any:
        asked.append((source, out, options))
        return SimpleNamespace(to_text=lambda: "80 taken\n")

    monkeypatch.setattr(dataset, "prepare", prepare)
    assert run("prepare", "data", "--out", str(tmp_path), "--seed", "3", "--size", "768", "--strict") == 0
    assert asked == [(Path("data"), tmp_path, {"seed": 3, "validation": 0.1, "size_px": 768, "strict": True})]
    assert capsys.readouterr().out == "80 taken\n"


def test_train_hands_its_flags_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """`madorizu train` is the training command with all its flags; its status is the status."""
    from madorizu.diffusion import command

    asked: list[Any] = []

    def train(arguments: Sequence[str]) -> int:
        asked.append(list(arguments))
        return 2

    monkeypatch.setattr(command, "main", train)
    assert run("train", "--epochs", "2", "--help", "--targets", "to_q,to_v") == 2
    assert asked == [["--epochs", "2", "--help", "--targets", "to_q,to_v"]]


def test_corpus_and_base_reach_their_functions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each command calls one function of the package."""
    asked: list[Any] = []
    corpora = ModuleType("madorizu.corpus")
    corpora.make = lambda report, **options: asked.append(options) or 6  # type: ignore[attr-defined, func-returns-value]
    monkeypatch.setitem(sys.modules, "madorizu.corpus", corpora)
    monkeypatch.setattr(madorizu, "corpus", corpora, raising=False)
    flags = ("--style", "cad", "--workers", "0", "--storeys", "2")
    assert run("corpus", "--houses", "3", "--out", str(tmp_path), *flags) == 0
    wanted = {"houses": 3, "seed": 0, "styles": ("cad",), "out": tmp_path, "workers": None, "cluster": None}
    assert asked == [wanted | {"per_house": 1, "storeys": 2}]

    from madorizu.diffusion import bases

    def download(name: str, *, revision: str | None) -> Any:
        asked.append((name, revision))
        return SimpleNamespace(folder=tmp_path)

    monkeypatch.setattr(bases, "download", download)
    assert run("base", "download", "sd21-base", "--revision", "abc") == 0
    assert asked[1] == ("sd21-base", "abc")


def test_base_train_runs_the_stages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its flags arrive; 0 minutes and threads mean no limit; stdout says where the result, or the rest, lies."""
    asked: list[Any] = []
    results = iter([tmp_path / "base", None])

    def run_stages(order: Order, **options: Any) -> Path | None:
        asked.append((order, options))
        return next(results)

    monkeypatch.setattr(stages, "run", run_stages)
    (tmp_path / "recipe.toml").write_text("seed = 3\n")
    work, out = tmp_path / "work", tmp_path / "base"
    flags = ("base", "train", "corpus", "--work", str(work), "--out", str(out), "--device", "cpu")
    assert run(*flags, "--recipe", str(tmp_path / "recipe.toml"), "--drawings", "d", "--start", "s") == 0
    assert run(*flags, "--minutes", "1.5", "--threads", "2") == 0
    assert [options.pop("report") for _, options in asked] == [cli.say, cli.say]
    place = asked[0][0].place
    assert asked[0] == (
        Order(Path("corpus"), work, out, Recipe(seed=3), Path("d"), Path("s"), place),
        {"minutes": float("inf"), "threads": None},
    )
    assert asked[1] == (Order(Path("corpus"), work, out, Recipe(), place=place), {"minutes": 1.5, "threads": 2})
    assert place.name == "cpu"
    assert capsys.readouterr().out.split() == [str(out), str(work)]


def test_compare_draws_without_then_with(model: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two models are loaded, one after the other, and one picture is written."""
    out = tmp_path / "comparison.png"
    data = ("--data", str(tmp_path / "none"))
    assert run("compare", "--lora", "final", "--out", str(out), "--count", "2", *data) == 0
    assert [(base, adapter) for base, adapter, _ in model] == [("embedded", None), ("embedded", Path("final"))]
    assert [options["size_px"] for _, _, options in model] == [32, 32]  # of the adapter, for both
    said = capsys.readouterr()
    assert said.out.split() == [str(out)]
    assert "8x8, entrance south, stairs, style atelier: the pictures differ by " in said.err
    assert out.read_bytes().startswith(b"\x89PNG")


def test_compare_asks_held_out_captions(
    model: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prepared data gives the captions, held-out ones first and spread out; own captions win."""
    from madorizu import dataset

    texts = [f"floor plan, {f}, {w}x8, stairs" for f in ("1F", "2F") for w in (7, 8, 9)]
    held_out = tuple(SimpleNamespace(caption=t) for t in reversed(texts + texts))
    prepared = SimpleNamespace(validation=held_out, train=(SimpleNamespace(caption="a plan of mine"),))
    monkeypatch.setattr(dataset, "read_prepared", lambda folder: prepared)
    (tmp_path / "train.csv").touch()
    options = ("--out", str(tmp_path / "c.png"), "--data", str(tmp_path))

    def asked(*more: str) -> list[str]:
        assert run("compare", *options, *more) == 0
        return [line.strip().split(": the pictures")[0] for line in capsys.readouterr().err.splitlines()]

    assert asked("--count", "2") == [texts[0], texts[3]]
    assert asked("--count", "7") == [*texts, "a plan of mine"]
    assert asked("--count", "8")[0] == "floor plan, 1F, 8x8, entrance south, stairs, style atelier"
    assert asked("--caption", "any words") == ["any words"]


def test_serve_takes_settings_from_flags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is given on the line wins over the file."""
    from madorizu.app import server

    asked: list[Any] = []

    def serve(settings: Any, *, report: Any) -> None:
        asked.append(settings)

    monkeypatch.setattr(server, "serve", serve)
    config = tmp_path / "m.toml"
    config.write_text('[server]\nport = 1234\nhost = "::1"\n')
    assert run("serve", "--config", str(config), "--port", "4321", "--generator", "lora") == 0
    assert (asked[0].port, asked[0].host, asked[0].generator) == (4321, "::1", "lora")
    assert run("serve", "--generator", "oracle") == 2


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The version is the package's; help lists every command."""
    assert run("version") == 0
    assert capsys.readouterr().out.strip() == madorizu.__version__
    assert run("--help") == 0
    said = capsys.readouterr().out
    for name in ("prepare", "train", "generate", "check", "serve", "compare", "corpus", "base", "version"):
        assert name in said
    assert run("no-such-command") == 2


# --- without torch ---------------------------------------------------------------------


def test_help_imports_no_torch() -> None:
    """The help of the command and of its subcommands answers without the models' packages."""
    done = python(
        "from madorizu.app import cli\n"
        "for words in (['--help'], ['generate', '--help'], ['serve', '--help'], ['version']):\n"
        "    try:\n        cli.main(words)\n    except SystemExit as end:\n        assert not end.code, words\n"
        f"assert not [n for n in {HEAVY!r} if n in sys.modules], 'imported'\n"
    )
    assert done.returncode == 0, done.stderr


def test_everything_but_diffusion_and_learn_runs_without_torch(tmp_path: Path) -> None:
    """All other modules import, and a plan is drawn and checked, where torch is not installed."""
    out = tmp_path / "plan.json"
    done = python(
        WITHOUT_MODELS + "import pkgutil, madorizu\n"
        "names = [m.name for m in pkgutil.walk_packages(madorizu.__path__, 'madorizu.', onerror=print)]\n"
        "heavy = ('madorizu.diffusion.', 'madorizu.learn.', 'madorizu.__main__')\n"
        "names = [n for n in names if not n.startswith(heavy)]\n"
        "assert 'madorizu.app.server' in names and 'madorizu.houses.library' in names\n"
        "for name in names:\n    __import__(name)\n"
        "from madorizu.app import cli\n"
        f"words = [['generate', '--width', '8', '--height', '8', '--seed', '1', '--output', {str(out)!r}],\n"
        f"         ['check', {str(out)!r}]]\n"
        "for line in words:\n"
        "    try:\n        cli.main(line)\n    except SystemExit as end:\n        assert not end.code, line\n"
    )
    assert done.returncode == 0, done.stderr
    assert ": lawful, " in done.stdout


def test_a_command_that_needs_torch_says_so() -> None:
    """Where a package is missing the set-up is named, without a traceback."""
    done = python(
        WITHOUT_MODELS
        + "from madorizu.app import cli, models\nfrom pathlib import Path\n"
        + "models.find_adapter = Path\nmodels.style_of = lambda a: None\nmodels.base_of = lambda a: 'embedded'\n"
        + "cli.main(['generate', '--width', '8', '--height', '8', '--generator', 'lora', '--lora', 'x',"
        + " '--output', 'never.png'])\n"
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: this command must have the package torch, got none\n  run scripts/install")


def test_the_thin_script_takes_the_same_words(tmp_path: Path) -> None:
    """inference/simple_floor_plan.py draws from any folder, by the interpreter of the set-up."""
    out = tmp_path / "plan.png"
    script = ROOT / "inference" / "simple_floor_plan.py"
    code = (
        "import os, runpy, sys, types\n"
        # The set-up is its own test's; here the interpreter is good enough.
        f"sys.modules['environment'] = types.SimpleNamespace(enter=lambda: sys.path.insert(0, {str(ROOT / 'src')!r}))\n"
        f"os.chdir({str(tmp_path)!r})\n"
        f"sys.argv = ['x', '--width', '8', '--height', '8', '--output', 'plan.png', '--floor', '1F',\n"
        "            '--elements', 'stairs,entrance', '--entrance', 's', '--seed', '1', '--count', '1']\n"
        f"runpy.run_path({str(script)!r}, run_name='__main__')\n"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes().startswith(b"\x89PNG")


# --- the models ------------------------------------------------------------------------


def test_a_model_is_loaded_with_its_adapters_base_and_style(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is not said comes from the adapter's record; steps and guidance reach the sampler."""
    from madorizu import diffusion
    from madorizu.app import models
    from madorizu.diffusion import adapter

    asked: list[Any] = []

    def draw(captions: Sequence[str], seeds: Sequence[int], **options: Any) -> Any:
        asked.append((captions, seeds, options))
        return np.zeros((1, 8, 8, 3), np.uint8)

    def load(base: str, lora: Path | None, device: str, size_px: int | None) -> Any:
        asked.append((base, lora, device, size_px))
        return SimpleNamespace(draw=draw)

    sample = ModuleType("madorizu.diffusion.sample")
    sample.load = load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "madorizu.diffusion.sample", sample)
    monkeypatch.setattr(diffusion, "sample", sample, raising=False)
    monkeypatch.setattr(adapter, "read", lambda folder: SimpleNamespace(style="atelier", size_px=96))
    monkeypatch.setattr(adapter, "base_of", lambda record: "sd21-base")

    made = models.load(None, tmp_path, device="cpu", steps=4, guidance=3.0, size_px=models.size_of(tmp_path))
    assert (made.base, made.adapter, made.style) == ("sd21-base", tmp_path, "atelier")
    made.draw(["x"], [1])
    assert asked == [("sd21-base", tmp_path, "cpu", 96), (["x"], [1], {"steps": 4, "guidance": 3.0})]
    alone = models.load(None, None)
    assert (alone.base, alone.adapter, alone.style, models.size_of(None)) == ("embedded", None, None, None)


def test_the_last_adapter_is_found_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A given folder wins; without any the error says how to train one."""
    from madorizu.app import models
    from madorizu.diffusion import adapter

    monkeypatch.setattr(adapter, "find", lambda: tmp_path)
    assert models.find_adapter(None) == tmp_path
    assert models.find_adapter(Path("mine")) == Path("mine")
    assert models.find_adapter(Path("none")) is None
    monkeypatch.setattr(adapter, "find", lambda: None)
    with pytest.raises(AdapterError, match="must hold a trained adapter, got none"):
        models.find_adapter(None)
