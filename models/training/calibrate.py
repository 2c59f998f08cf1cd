"""Read-out settings fitted on the validation split: head weight, interval.

    python -m models.training.calibrate --data DIR --checkpoint RUN/b.pt --out RUN/calibration.json

The interval is count +- q * sqrt(v0 + v1 * sum(block_variance) + v2 * share^2 * count^2)
with share = count / (count + crowd), since dense scenes are the ones that go
wrong as a whole: the narrowest of a grid that covers every folder's pictures
to nine tenths.
Coverage is also measured honestly, by fitting on one half and looking at the
other, and by leaving each folder out in turn. What noise adds to it is a
constant (NOISE).
"""

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from .counter import Counter, load_counter
from .evaluate import (
    MAX_WIDTH, Outcome, by_folder, fixed_noise, load_image, look, print_rows, report, seen_map, seen_size,
    validation_pictures,
)
from .heads import heads_in_map
from .labels import Picture
from .localisation import f_score, match_heads
from .path import sample, warm_start
from .recipe import Recipe
from .split import EMPTY, NOTHING_HELD_OUT, UNKNOWN_CAMERA

LEVEL = 0.9
# Streets and unknown cameras are what the model is for; dense photographs count half.
SELECTION = {"shanghaitech_b_train": 1.0, UNKNOWN_CAMERA: 1.0, "shanghaitech_a_train": 0.5, EMPTY: 0.5}
THINNED = {UNKNOWN_CAMERA: 5}
# Added to a count before an interval's width is taken as a share of it: a person more or less in an empty scene is no disaster.
FEW_PEOPLE = 5.0
# A noisy picture's interval is 1 + gain * (noise - from) times as wide, noise as a share of its contrast (the server measures it:
# services/worker/model/picture-noise.ts). Not fitted here but chosen on pictures made noisy: docs/evaluation.md, "Poorer pictures".
NOISE = {"from": 0.2, "gain": 1.5}
# Of coverage that is missing, all folders together, against the interval score.
MISSING_WEIGHT = 1.5


def blend(outcomes: list[Outcome], head_weight: float) -> np.ndarray:
    head = np.array([o.head for o in outcomes])
    first = np.array([o.first for o in outcomes])
    return np.maximum(0.0, head_weight * head + (1 - head_weight) * first)


def choose_head_weight(outcomes: list[Outcome]) -> float:
    """Weight of the block-count head with the least relative error over the selection folders."""

    def cost(weight: float) -> float:
        total = 0.0
        for folder, group in by_folder(outcomes).items():
            truth = np.array([o.truth for o in group], dtype=np.float64)
            error = np.abs(blend(group, weight) - truth).mean() / (truth.mean() + 5)
            total += SELECTION.get(folder, 0.25) * error
        return total

    return min((round(w, 2) for w in np.arange(0, 1.01, 0.1)), key=cost)


def fit_interval(outcomes: list[Outcome], counts: np.ndarray) -> dict[str, float]:
    """q, v0, v1, v2 and crowd of the interval, from outcomes and the counts shown for them.

    Every folder stands for a kind of scene, and an interval that holds on the
    average of them but not on one kind misleads whoever watches that kind: so
    each folder's own coverage is asked for, and of those that reach it the one
    with the least interval score (Winkler 1972: the width, and 2 / (1 - level)
    times what a count misses it by), as a share of the count. A few dozen
    pictures stand for all others of their kind: what counts is how much of the
    coverage would be missing on average if they were drawn anew. Fitted by widths and these
    pictures alone, two versions of one denoiser had streets at +-26 and +-53.
    """
    truth = np.array([o.truth for o in outcomes], dtype=np.float64)
    error = np.abs(counts - truth)
    variance = np.array([o.variance for o in outcomes])
    folders = np.array([o.folder for o in outcomes])
    groups = [np.flatnonzero(folders == folder) for folder in dict.fromkeys(folders)]
    chance = np.array([[np.sqrt(LEVEL * (1 - LEVEL) / len(group))] for group in groups])
    factors = np.arange(0.8, 3.05, 0.05)
    best, best_cost = None, np.inf
    for v0, v1, relative, crowd in itertools.product(
        (0.02, 0.25, 1, 2, 4), (0.25, 0.5, 1, 2),
        (0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6), (50, 100, 200, 400, 800, 1600),
    ):
        rule = {"q": 1.0, "v0": v0, "v1": v1, "v2": relative**2, "crowd": crowd}
        half = half_width(rule, variance, counts)[:, None] * factors
        missed = np.maximum(0, error[:, None] - half)
        score = (half + missed / (1 - LEVEL)) / (counts + FEW_PEOPLE)[:, None]
        covered = np.array([(missed[group] == 0).mean(axis=0) for group in groups])
        cost = MISSING_WEIGHT * (chance * expected_excess((LEVEL - covered) / chance)).sum(axis=0)
        cost += np.mean([score[group].mean(axis=0) for group in groups], axis=0)
        if cost.min() < best_cost:
            best, best_cost = rule | {"q": round(float(factors[cost.argmin()]), 2)}, cost.min()
    return {"level": LEVEL, **best, "v2": round(best["v2"], 6)}


def expected_excess(mean: np.ndarray) -> np.ndarray:
    """Mean of what a normal number of deviation 1 about `mean` lies above 0; never negative."""
    below = torch.special.ndtr(torch.from_numpy(mean)).numpy()
    return np.exp(-mean * mean / 2) / np.sqrt(2 * np.pi) + mean * below


def half_width(interval: dict[str, float], variance: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """q * sqrt(v0 + v1 * variance + v2 * share^2 * count^2), share = count / (count + crowd)."""
    relative = counts / np.maximum(counts + interval.get("crowd", 0), 1e-9)
    return interval["q"] * np.sqrt(
        interval["v0"] + interval["v1"] * variance + interval["v2"] * (relative * counts) ** 2
    )


def coverage(interval: dict[str, float], outcomes: list[Outcome], counts: np.ndarray) -> float:
    error = np.abs(counts - np.array([o.truth for o in outcomes]))
    return float((error <= half_width(interval, np.array([o.variance for o in outcomes]), counts)).mean())


def honest_coverage(outcomes: list[Outcome], head_weight: float) -> dict[str, dict[str, float | None]]:
    """Coverage on pictures the interval was not fitted on, per folder; None where there are no others to fit on."""

    def fit(group: list[Outcome]) -> dict[str, float] | None:
        return fit_interval(group, blend(group, head_weight)) if group else None

    result = {}
    halves = [outcomes[0::2], outcomes[1::2]]
    fits = [fit(half) for half in halves]
    for folder, group in by_folder(outcomes).items():
        shares = []
        for side, half in enumerate(halves):
            own, other = [o for o in half if o.folder == folder], fits[1 - side]
            if own and other:
                shares.append(coverage(other, own, blend(own, head_weight)))
        without = fit([o for o in outcomes if o.folder != folder])
        result[folder] = {
            "otherHalf": round(float(np.mean(shares)), 3) if shares else None,
            "folderLeftOut": round(coverage(without, group, blend(group, head_weight)), 3) if without else None,
        }
    return result


@torch.no_grad()
def head_scores(counter: Counter, recipe: Recipe, pictures: list[Picture]) -> dict[str, float]:
    """Head F1 (radius: 8 px, 16 px on the unknown camera's large heads), for each way of sampling."""
    pairs: dict[str, list[int]] = {}
    for picture in pictures:
        image = load_image(picture, MAX_WIDTH)
        cond, _ = counter.encoder(image)
        noise = fixed_noise(*image.shape[2:])

        def predict(latent: torch.Tensor, t: torch.Tensor, cond: torch.Tensor = cond) -> torch.Tensor:
            return counter.denoiser(latent, cond, t)

        first = predict(noise, torch.ones(1))
        last = {str(n): sample(predict, noise, times, first)[-1] for n, times in recipe.timesteps.items()}
        last["warm"] = warm_start(predict, last["1"], fixed_noise(*image.shape[2:], seed=1), recipe.warm_start)
        zoom = np.array([picture.width, picture.height]) / seen_size(picture.width, picture.height, MAX_WIDTH)
        radius = 16.0 if picture.folder == UNKNOWN_CAMERA else 8.0
        for name, latent in last.items():
            found = heads_in_map(seen_map(latent, picture)[0, 0].numpy()) * zoom
            entry = pairs.setdefault(name, [0, 0, 0])
            entry[0] += match_heads(found, picture.points, radius)
            entry[1] += len(found)
            entry[2] += picture.count
    return {name: round(f_score(*entry), 4) for name, entry in pairs.items()}


def calibrate(data: Path, checkpoint: Path, steps: list[int], every: int = 1, corrected: Sequence[Path] = ()) -> dict:
    counter, recipe, _ = load_counter(checkpoint)
    pictures = validation_pictures(data, THINNED, corrected)[::every]
    if not pictures:
        raise SystemExit(NOTHING_HELD_OUT.format(data=data))
    outcomes = [look(counter, recipe, picture, steps, warm=True) for picture in pictures]
    head_weight = choose_head_weight(outcomes)
    counts = blend(outcomes, head_weight)
    interval = fit_interval(outcomes, counts)
    streets = [p for p in pictures if p.folder in ("shanghaitech_b_train", UNKNOWN_CAMERA)]
    scores = head_scores(counter, recipe, streets[::2])
    rows = report(outcomes, head_weight)
    widths = half_width(interval, np.array([o.variance for o in outcomes]), counts)
    mean_widths = {
        folder: round(float(np.mean([w for w, o in zip(widths, outcomes, strict=True) if o.folder == folder])), 2)
        for folder in by_folder(outcomes)
    }

    def named(folder: str) -> str:
        return f"{folder}, labels corrected" if folder in {path.name for path in corrected} else folder

    return {
        "headWeight": head_weight,
        "interval": interval | {"noise": NOISE},
        "headF1": scores,
        "coverage": {named(folder): shares for folder, shares in honest_coverage(outcomes, head_weight).items()},
        "meanHalfWidth": {named(folder): width for folder, width in mean_widths.items()},
        "evaluation": [row | {"data": named(row["data"])} for row in rows],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="take every nth held-out picture (quicker, rougher)")
    parser.add_argument(
        "--corrected", type=Path, nargs="+", default=[], help="folders with corrected labels, in place of DIR's of the same names"
    )
    arguments = parser.parse_args()
    result = calibrate(arguments.data, arguments.checkpoint, [1, 2, 4], arguments.every, arguments.corrected)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print_rows(result["evaluation"])
    print(json.dumps({key: value for key, value in result.items() if key != "evaluation"}, indent=1))


if __name__ == "__main__":
    main()
