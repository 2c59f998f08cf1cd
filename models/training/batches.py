"""Endless batches of training crops, made in worker processes from pictures held in memory."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from .augment import CameraWear, draw_scale, random_crop
from .density import scatter_points
from .labels import Picture, read_folder
from .recipe import Recipe
from .split import is_held_out, read_split
from .warm import previous_points


@dataclass
class Stored:
    """A decoded picture. Points are [n,2] pixels."""

    folder: str
    pixels: np.ndarray
    points: np.ndarray


def training_pictures(data: Path, recipe: Recipe, extra: list[Path], limit: int | None = None) -> list[Picture]:
    """Pictures of the recipe's folders and of extra (synthetic) folders, without the held-out ones."""
    split = read_split()
    chosen: list[Picture] = []
    for folder in recipe.folders:
        if not (data / folder).is_dir():
            continue
        pictures = [p for p in read_folder(data / folder) if not is_held_out(split, p)]
        chosen += pictures[:limit]
    for root in extra:
        chosen += read_folder(root)[:limit]
    return chosen


class Crops(IterableDataset):
    """Random crops: image uint8 [3,S,S], heads uint8 [S/2,S/2], previous frame's heads uint8 [S/2,S/2]."""

    def __init__(self, pictures: list[Picture], recipe: Recipe, weights: dict[str, float], seed: int) -> None:
        self.recipe = recipe
        self.seed = seed
        self.groups: dict[str, list[Stored]] = {}
        for picture in pictures:
            stored = Stored(picture.folder, picture.pixels(), picture.points)
            self.groups.setdefault(picture.folder, []).append(stored)
        self.set_shares(weights)

    def set_shares(self, weights: dict[str, float]) -> None:
        """Share of the crops drawn from each folder that is there."""
        self.names = [name for name in self.groups if weights.get(name, 0) > 0]
        shares = np.array([weights[name] for name in self.names])
        self.shares = shares / shares.sum()

    def __iter__(self):
        worker = get_worker_info()
        random = np.random.default_rng([self.seed, worker.id if worker else 0])
        wear = CameraWear(self.recipe.crop, random)
        while True:
            yield self.draw(random, wear)

    def draw(self, random: np.random.Generator, wear: CameraWear) -> dict[str, torch.Tensor]:
        size = self.recipe.crop
        group = self.groups[self.names[random.choice(len(self.names), p=self.shares)]]
        stored = group[random.integers(len(group))]
        scale = draw_scale(random, stored.folder, self.recipe.native_scale_share)
        piece, points = random_crop(stored.pixels, stored.points, size, scale, random)
        before = previous_points(points, size, random)
        return {
            "image": torch.from_numpy(np.ascontiguousarray(wear(piece).transpose(2, 0, 1))),
            "cells": torch.from_numpy(scatter_points(points, size, size)),
            "previous": torch.from_numpy(scatter_points(before, size, size)),
        }


def make_loader(crops: Crops, batch: int, workers: int) -> DataLoader:
    return DataLoader(crops, batch, num_workers=workers, prefetch_factor=4 if workers else None)
