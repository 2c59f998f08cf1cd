"""Batch-norm statistics measured anew for the averaged weights, the last thing before calibration.

    python -m models.training.norms --data DIR --checkpoint RUN/b.pt --out RUN/final.pt

The statistics gathered during training belong to weights that kept moving and
to crops worn more than most cameras' pictures. `--wear` is the share of crops
that keep the wear.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .augment import CameraWear, draw_scale, random_crop
from .batches import Crops, training_pictures
from .counter import Counter, load_checkpoint, load_counter, save_checkpoint
from .recipe import Recipe


def measure_norms(counter: Counter, crops: Crops, recipe: Recipe, batches: int, batch: int, wear_share: float) -> None:
    """Replace the encoder's running means and variances by plain averages over `batches` batches of crops."""
    frozen = counter.encoder.backbone.frozen_norms()
    norms = [m for m in counter.encoder.modules() if isinstance(m, nn.BatchNorm2d) and m not in frozen]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # plain average over all batches
    random = np.random.default_rng(recipe.seed)
    wear = CameraWear(recipe.crop, random)
    counter.train()
    with torch.no_grad():
        for _ in range(batches):
            images = []
            for _ in range(batch):
                group = crops.groups[crops.names[random.choice(len(crops.names), p=crops.shares)]]
                stored = group[random.integers(len(group))]
                native = 0.8
                scale = draw_scale(random, stored.folder, native)
                piece, _ = random_crop(stored.pixels, stored.points, recipe.crop, scale, random)
                pixels = wear(piece) if random.random() < wear_share else np.asarray(piece)
                images.append(torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))))
            counter.encoder(torch.stack(images).float())
    counter.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--wear", type=float, default=0.2)
    parser.add_argument("--limit", type=int, help="pictures a folder; all unless told")
    arguments = parser.parse_args()
    counter, recipe, _ = load_counter(arguments.checkpoint)
    crops = Crops(training_pictures(arguments.data, recipe, [], arguments.limit), recipe, recipe.folders, recipe.seed)
    measure_norms(counter, crops, recipe, arguments.batches, arguments.batch, arguments.wear)
    state = load_checkpoint(arguments.checkpoint)
    state["ema"] = counter.state_dict()
    state["optimiser"] = None
    save_checkpoint(arguments.out, **state)


if __name__ == "__main__":
    main()
