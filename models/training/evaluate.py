"""Evaluation in Python: whole pictures, as production runs them, by folder and by step count.

    python -m models.training.evaluate --data DIR --checkpoint RUN/b.pt --steps 1 2 4 --warm

Pictures are made up to multiples of 32 (reduced first, if wider than --max-width) and run in
fp32 through the sampler, with one fixed noise per picture size as in production.
"""

import argparse
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .counter import Counter, load_counter
from .density import LATENT_CHANNELS, MAP_DOWNSCALE, map_from_latent, people_in_map
from .encoder import BLOCK, block_moments
from .labels import Picture, read_folder
from .light import mix_light
from .path import sample, warm_start
from .recipe import Recipe
from .split import is_held_out, read_split

MULTIPLE = 32
MAX_WIDTH = 1024


@dataclass
class Outcome:
    """What the nets said about one picture. Sums are people; sums by step count hold first and last."""

    folder: str
    name: str
    truth: int
    head: float
    variance: float
    first: float
    sums: dict[str, float] = field(default_factory=dict)


def seen_size(width: int, height: int, max_width: int) -> tuple[int, int]:
    """Width and height a picture is counted at: its own, or reduced to max_width."""
    wide = min(width, max_width)
    return wide, max(1, round(height * wide / width))


def load_image(picture: Picture, max_width: int = MAX_WIDTH) -> torch.Tensor:
    """RGB float [1,3,H,W] in 0..255; made up to multiples of 32 by mirroring it at its right and lower edge."""
    size = seen_size(picture.width, picture.height, max_width)
    image = Image.fromarray(picture.pixels())
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    pixels = np.pad(np.asarray(image), ((0, -size[1] % MULTIPLE), (0, -size[0] % MULTIPLE), (0, 0)), mode="symmetric")
    return torch.from_numpy(mix_light(pixels).transpose(2, 0, 1).copy())[None].float()


def seen_map(latent: torch.Tensor, picture: Picture, max_width: int = MAX_WIDTH) -> torch.Tensor:
    """Latent [1,16,h,w] of a picture -> its map [1,1,H/2,W/2], without what was made up."""
    wide, high = seen_size(picture.width, picture.height, max_width)
    return map_from_latent(latent)[:, :, : math.ceil(high / MAP_DOWNSCALE), : math.ceil(wide / MAP_DOWNSCALE)]


def sum_seen(blocks: torch.Tensor, picture: Picture, max_width: int = MAX_WIDTH) -> float:
    """Sum of block values [1,1,h,w]; of blocks that the picture's edge cuts through, the share that is picture."""
    wide, high = seen_size(picture.width, picture.height, max_width)
    rows, columns = (
        (size / BLOCK - torch.arange(count)).clamp(0, 1) for size, count in ((high, blocks.shape[2]), (wide, blocks.shape[3]))
    )
    return float((blocks * rows[:, None] * columns).sum())


def fixed_noise(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """Standard normal latent [1,16,H/8,W/8], the same for every picture of a size."""
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.standard_normal((1, LATENT_CHANNELS, height // 8, width // 8), dtype=np.float32))


@torch.no_grad()
def look(
    counter: Counter, recipe: Recipe, picture: Picture, steps: Iterable[int], warm: bool, max_width: int = MAX_WIDTH
) -> Outcome:
    """Run one picture. Sum keys: "1", "2", "4" (last step's map) and "warm" (warm start from the 1-step map)."""
    image = load_image(picture, max_width)

    def people(latent: torch.Tensor) -> float:
        return float(people_in_map(seen_map(latent, picture, max_width)))

    cond, logits = counter.encoder(image)
    mean, variance = block_moments(logits)
    noise = fixed_noise(*image.shape[2:])

    def predict(latent: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        if recipe.control:
            latent, t = torch.zeros_like(latent), torch.ones_like(t)
        return counter.denoiser(latent, cond, t).float()

    first = sample(predict, noise, [1.0])[0]
    head, spread = sum_seen(mean, picture, max_width), sum_seen(variance, picture, max_width)
    outcome = Outcome(picture.folder, picture.name, picture.count, head, spread, people(first))
    for count in steps:
        last = sample(predict, noise, recipe.timesteps[count], first)[-1]
        outcome.sums[str(count)] = people(last)
    if warm:
        again = warm_start(predict, first, fixed_noise(*image.shape[2:], seed=1), recipe.warm_start)
        outcome.sums["warm"] = people(again)
    return outcome


def figures(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """MAE, RMSE and bias in people."""
    error = predicted - truth
    return {
        "mae": round(float(np.abs(error).mean()), 2),
        "rmse": round(float(np.sqrt((error**2).mean())), 2),
        "bias": round(float(error.mean()), 2),
    }


def by_folder(outcomes: list[Outcome]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.folder, []).append(outcome)
    return groups


def validation_pictures(
    data: Path, every: dict[str, int] | None = None, corrected: Sequence[Path] = ()
) -> list[Picture]:
    """Held-out pictures; `every` thins folders out (every nth, spread over the folder).

    `corrected` are folders with corrected labels, which stand for the published ones of their names and are taken whole.
    """
    split = read_split()
    instead = {folder.name: folder for folder in corrected}
    for name, folder in instead.items():
        if name not in split or not folder.is_dir():
            raise SystemExit(f"{folder} is no folder of corrected labels: it must exist and be named as one of {', '.join(split)}")
    chosen = []
    for folder in split:
        root = instead.get(folder, data / folder)
        if root.is_dir():
            held = [p for p in read_folder(root) if is_held_out(split, p)]
            chosen += held[:: 1 if folder in instead else (every or {}).get(folder, 1)]
    return chosen


def report(outcomes: list[Outcome], head_weight: float) -> list[dict]:
    """One row per folder and read-out; "shown@k" would use the last of k steps' map instead of the first."""
    rows = []
    for folder, group in by_folder(outcomes).items():
        truth = np.array([o.truth for o in group], dtype=np.float64)
        head = np.array([o.head for o in group])
        first = np.array([o.first for o in group])
        # "shown" is the count production shows; "sum@k" is the map's own sum after k steps.
        readings = {"shown": np.maximum(0, head_weight * head + (1 - head_weight) * first), "head": head}
        for key in group[0].sums:
            last = np.array([o.sums[key] for o in group])
            readings[f"sum@{key}"] = last
            if key != "1":
                readings[f"shown@{key}"] = np.maximum(0, head_weight * head + (1 - head_weight) * last)
        for name, values in readings.items():
            rows.append(
                {"data": folder, "images": len(group), "people": round(float(truth.mean()), 1), "reading": name}
                | figures(values, truth)
            )
    return rows


def print_rows(rows: list[dict]) -> None:
    for row in rows:
        print(
            f"{row['data']:24s} n={row['images']:<4d} mean {row['people']:6.1f}  {row['reading']:11s}"
            f" MAE {row['mae']:7.2f}  RMSE {row['rmse']:7.2f}  bias {row['bias']:+7.2f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled folders, or one labelled folder")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--max-width", type=int, default=MAX_WIDTH)
    parser.add_argument("--head-weight", type=float, default=0.5)
    parser.add_argument("--every", type=int, default=1, help="take every nth picture")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    counter, recipe, _ = load_counter(arguments.checkpoint)
    if (arguments.data / "labels.jsonl").exists():
        pictures = read_folder(arguments.data)
    else:
        pictures = validation_pictures(arguments.data)
    outcomes = [
        look(counter, recipe, picture, arguments.steps, arguments.warm, arguments.max_width)
        for picture in pictures[:: arguments.every]
    ]
    rows = report(outcomes, arguments.head_weight)
    if arguments.json:
        print(json.dumps(rows))
    else:
        print_rows(rows)


if __name__ == "__main__":
    main()
