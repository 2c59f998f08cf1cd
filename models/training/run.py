"""All stages in one command, from a data folder to an exported model.

    python -m models.training.run --data DIR --run RUN                       # CPU, about 100 minutes
    python -m models.training.run --data DIR --run RUN --device cuda         # GPU, under 30 minutes
    python -m models.training.run --data DIR --run RUN --smoke               # under a minute, checks the path only
    torchrun --standalone --nproc-per-node 2 -m -- models.training.run --data DIR --run RUN --threads 1    # two processes
    … --crops 400000                                                         # as much training on any machine, instead of minutes

Stops and starts again where it was: each stage leaves a file in RUN.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import torch
import torch.distributed as processes

from .batches import training_pictures, with_folders_of
from .devices import default_workers, join_processes, keeps_run
from .evaluate import validation_pictures
from .recipe import Recipe
from .split import NOTHING_HELD_OUT
from .train import train_stage

STAGE_B_SHARE = 0.15
# Of the crops; what the chain of the shipped weights had last.
SYNTHETIC_SHARE = 0.18


def recipe_for(size: str, device: str, minutes: float, crops: int | None, smoke: bool) -> Recipe:
    """The CPU recipe of a size, or the same nets with larger crops and batches on a GPU; `minutes` or `crops` of both stages together."""
    recipe = Recipe.of_size(size)
    if device.startswith("cuda"):
        recipe.crop, recipe.batch = 384, 48
    recipe.minutes_a = minutes * (1 - STAGE_B_SHARE)
    recipe.minutes_b = minutes * STAGE_B_SHARE
    if crops and not smoke:
        recipe.crops_a, recipe.crops_b = int(crops * (1 - STAGE_B_SHARE)), int(crops * STAGE_B_SHARE)
    if smoke:
        recipe.crop, recipe.batch, recipe.warm_up_steps = 128, 4, 5
        recipe.minutes_a, recipe.minutes_b = 0.12, 0.08
    return recipe


def _module(name: str, *arguments: str) -> None:
    print(f"== {name} {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", f"models.training.{name}", *arguments], check=True)


def _render(out: Path, count: int, seed: int, *more: str) -> None:
    if not (out / "labels.jsonl").exists():
        _module("synthetic.render", "--out", str(out), "--count", str(count), "--seed", str(seed), *more)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="where the model goes; RUN/model unless told")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float, help="training minutes, both stages together")
    parser.add_argument("--crops", type=int, help="training crops, both stages together, instead of minutes: as much training on any machine")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, help="crop-making processes")
    parser.add_argument("--start", type=Path, help="weights.pt to go on from, instead of ImageNet's features")
    parser.add_argument("--size", choices=["standard", "small", "large"], default="standard")
    parser.add_argument("--teacher", type=Path, help="weights.pt of a larger net that a small one also learns from")
    parser.add_argument("--synthetic", type=int, default=1600, help="rendered pictures to mix in; 0 for none")
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    gpu = arguments.device.startswith("cuda")
    torch.set_num_threads(arguments.threads)
    minutes = arguments.minutes or (22.0 if gpu else 84.0)
    recipe = with_folders_of(arguments.data, recipe_for(arguments.size, arguments.device, minutes, arguments.crops, arguments.smoke))
    workers = default_workers(arguments.device) if arguments.workers is None else arguments.workers
    limit = 3 if arguments.smoke else None
    run: Path = arguments.run
    run.mkdir(parents=True, exist_ok=True)
    device = join_processes(arguments.device)

    # Before anything takes time: calibration, an hour and a half later, needs pictures that are held out.
    if not training_pictures(arguments.data, recipe, [], 1):
        raise SystemExit(f"no labelled folders to learn from under {arguments.data}, such as the recipe's: {', '.join(Recipe().folders)}")
    if not validation_pictures(arguments.data):
        raise SystemExit(NOTHING_HELD_OUT.format(data=arguments.data))

    rendered: list[Path] = []
    if arguments.synthetic and not arguments.smoke:
        rendered = [run / "rendered"]
        if keeps_run():
            jobs = max(arguments.threads, workers)
            _render(rendered[0], arguments.synthetic, recipe.seed, "--empty-share", "0.2", "--jobs", str(jobs))
        if processes.is_initialized():
            processes.barrier()
    for stage in ("a", "b"):
        if not (run / f"{stage}.pt").exists():
            print(f"== stage {stage}", flush=True)
            train_stage(
                arguments.data, run, stage, recipe, device, 0 if arguments.smoke else workers,
                rendered, SYNTHETIC_SHARE, validate_minutes=60.0 if arguments.smoke else 30.0, limit=limit,
                start=arguments.start, teacher=arguments.teacher,
            )
    keeps = keeps_run()
    if processes.is_initialized():
        processes.destroy_process_group()
    if not keeps:
        return
    thin = ["--every", "12"] if arguments.smoke else []
    final, calibration = run / "b.pt", run / "calibration.json"
    _module("calibrate", "--data", str(arguments.data), "--checkpoint", str(final), "--out", str(calibration), *thin)
    out = arguments.out or run / "model"
    name = arguments.out.absolute().name if arguments.out else arguments.size
    _module("export", "--checkpoint", str(final), "--calibration", str(calibration), "--out", str(out), "--name", name)


if __name__ == "__main__":
    main()
