"""Adapt the counter to one camera with a few dozen of its own labelled pictures.

    python -m models.training.finetune --pictures FOLDER --weights models/standard/weights.pt --name gate-3 --out models/gate-3

FOLDER is a labelled folder (the dashboard's test bench exports one). Pictures
are taken in the order of their names, which for frames is the order in time:
the last fifth is held back, trained on by nobody, and counted before and after.
`--replay DIR` mixes in the folders of the original training, which keeps the
model from forgetting other scenes; without it only a short training is safe.
"""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import torch

from .average import mean_weights
from .batches import Crops, Stored, training_pictures
from .calibrate import blend, coverage
from .counter import load_checkpoint, load_counter, save_checkpoint
from .devices import check_device
from .evaluate import Outcome, figures, look
from .export import export_model
from .labels import Picture, read_folder
from .recipe import Recipe
from .train import Trainer

HELD_BACK = 0.2
FEWEST_PICTURES = 10
# Share of the adapted weights in the result, the rest being those it started from: the mean keeps what
# the camera's few pictures did not show (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
ADAPTED_SHARE = 0.8
RUN_FILES = ("a.pt", "b.pt", "last.pt", "curve.csv", "validation.csv", "held-back.json")


def split_in_time(pictures: list[Picture], held_back: float) -> tuple[list[Picture], list[Picture]]:
    """First pictures to learn from, last ones to judge by. Neighbouring frames are too alike for a random split."""
    if len(pictures) < FEWEST_PICTURES:
        raise SystemExit(f"{len(pictures)} labelled pictures are too few: label at least {FEWEST_PICTURES}")
    held = max(2, round(len(pictures) * held_back))
    return pictures[:-held], pictures[-held:]


def next_version(out: Path, base: str) -> str:
    """The version the model starts from; made again, one higher than what lies there: a server tells them apart by it."""
    there = out / "manifest.json"
    if not there.exists():
        return base
    before = json.loads(there.read_text())["version"]
    number = re.search(r"\d+$", before)
    return before[: number.start()] + str(int(number[0]) + 1) if number else f"{before}.1"


def judge(weights: Path, pictures: list[Picture], manifest: dict) -> tuple[list[Outcome], dict]:
    """Counts of pictures with a checkpoint, and its figures as production would show them."""
    counter, recipe, _ = load_counter(weights)
    outcomes = [look(counter, recipe, picture, [1], warm=False) for picture in pictures]
    counts = blend(outcomes, manifest["count"]["headWeight"])
    truth = np.array([picture.count for picture in pictures], dtype=np.float64)
    row = figures(counts, truth) | {
        "people": round(float(truth.mean()), 1),
        "relative": round(float(np.abs(counts - truth).mean() / max(truth.mean(), 1e-9)), 3),
        "coverage": round(coverage(manifest["interval"], outcomes, counts), 3),
    }
    return outcomes, row


def adapt(
    learn: list[Picture], weights: Path, run: Path, minutes: float, rate: float, replay: Path | None, device: str
) -> None:
    """Short stage-B training at a low rate, then the mean of what came out and what went in; the result is RUN/b.pt."""
    state = load_checkpoint(weights)
    recipe = Recipe.from_dict(state["recipe"])
    recipe.minutes_b, recipe.learning_rate_b = minutes, rate
    recipe.still_norms, recipe.still_encoder = True, False
    recipe.native_scale_share = 0.8
    # Its own surroundings are what the camera always sees.
    recipe.joined = 0.0
    # A few hundred steps: an average as slow as the long training's would keep a third of the weights it started from.
    recipe.ema = 0.99
    shares = {"camera": 1.0}
    pictures = [] if replay is None else training_pictures(replay, recipe, [])
    if pictures:
        total = sum(recipe.folders.values())
        shares = {"camera": 0.6} | {name: 0.4 * share / total for name, share in recipe.folders.items()}
    crops = Crops(pictures, recipe, shares, recipe.seed, frames=True)
    crops.groups["camera"] = [Stored("camera", picture.pixels(), picture.points) for picture in learn]
    crops.set_shares(shares)
    run.mkdir(parents=True, exist_ok=True)
    # What an earlier try left, and nothing else: `--run` may be any folder.
    for left in RUN_FILES:
        (run / left).unlink(missing_ok=True)
    save_checkpoint(
        run / "a.pt", model=state["ema"], ema=state["ema"], optimiser=None, iteration=state["iteration"],
        seconds={"a": 0.0, "b": 0.0}, stage="a", recipe=recipe.as_dict(),
    )
    Trainer(replay or run, run, "b", recipe, device).train(crops, workers=1, validate_minutes=1e9)
    adapted = load_checkpoint(run / "b.pt")
    adapted["ema"] = mean_weights([(adapted, ADAPTED_SHARE), (state, 1 - ADAPTED_SHARE)])
    save_checkpoint(run / "b.pt", **adapted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True, help="labelled folder of one camera")
    parser.add_argument("--weights", type=Path, required=True, help="weights.pt of the model to start from")
    parser.add_argument("--name", required=True, help="the new model's name, for `model:` of the camera")
    parser.add_argument("--out", type=Path, required=True, help="models/NAME")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--rate", type=float, default=6e-4, help="highest learning rate")
    parser.add_argument("--replay", type=Path, help="folder of the original training's labelled folders")
    parser.add_argument("--run", type=Path, help="working folder; OUT.run unless told")
    parser.add_argument("--most", type=int, help="learn from at most this many pictures, evenly spread")
    parser.add_argument("--held-back", type=float, default=HELD_BACK)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    check_device(arguments.device)
    if arguments.name != arguments.out.name:
        parser.error(f"--name {arguments.name} must be the name of the folder of --out, {arguments.out.name}: a camera's `model:` names both")
    described = arguments.weights.parent / "manifest.json"
    if not (arguments.weights.is_file() and described.is_file()):
        parser.error(f"--weights {arguments.weights} must be a weights.pt beside its manifest.json, as in models/standard")
    if arguments.out.resolve() == arguments.weights.parent.resolve():
        parser.error("--out is the model that --weights is of: give the new one a folder of its own")
    manifest = json.loads(described.read_text())
    learn, judged = split_in_time(read_folder(arguments.pictures), arguments.held_back)
    if arguments.most and arguments.most < len(learn):
        learn = [learn[i * len(learn) // arguments.most] for i in range(arguments.most)]
    run = arguments.run or arguments.out.with_name(arguments.out.name + ".run")
    held_back = {"validation": {arguments.pictures.absolute().name: [picture.name for picture in judged]}}
    _, before = judge(arguments.weights, judged, manifest)
    print(f"{len(learn)} pictures to learn from, {len(judged)} held back\nbefore {before}", flush=True)
    adapt(learn, arguments.weights, run, arguments.minutes, arguments.rate, arguments.replay, arguments.device)
    # For `npm run evaluate -- --held-out`.
    (run / "held-back.json").write_text(json.dumps(held_back) + "\n")
    _, after = judge(run / "b.pt", judged, manifest)
    print(f"after  {after}", flush=True)
    calibration = {
        "headWeight": manifest["count"]["headWeight"], "interval": manifest["interval"],
        "evaluation": [
            {"data": f"{arguments.pictures.name}, held back, {when}", "images": len(judged), "reading": "shown", **row}
            for when, row in (("before", before), ("after", after))
        ],
    }
    note = f"fine-tuned from {manifest['name']} {manifest['version']} on {len(learn)} pictures of one camera"
    version = next_version(arguments.out, manifest["version"])
    export_model(run / "b.pt", calibration, arguments.out, arguments.name, version, note)
    worse = "" if after["mae"] < before["mae"] else "  It did NOT help on the held-back pictures: do not use it."
    print(f"MAE {before['mae']} -> {after['mae']} people ({before['relative']:.0%} -> {after['relative']:.0%}).{worse}")


if __name__ == "__main__":
    main()
