"""Endless batches of training crops, made in worker processes from pictures held in memory."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from .augment import CameraWear, draw_scale, join, random_crop, window
from .density import scatter_points
from .labels import Picture, read_folder
from .recipe import Recipe
from .split import is_held_out, own_folders, read_split
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


# Of the crops, for each folder that the recipe does not name; the recipe's own five have as much on average.
OWN_SHARE = 0.2


def with_folders_of(data: Path, recipe: Recipe) -> Recipe:
    """The recipe with the folders that `data` has: its own, and others as far as the split holds a part of them out."""
    split = read_split()
    others = own_folders(data, recipe.folders)
    recipe.folders = {folder: share for folder, share in recipe.folders.items() if (data / folder).is_dir()}
    for folder in others:
        if folder in split:
            recipe.folders[folder] = OWN_SHARE
        else:
            print(f"{folder} is left out: `python -m models.training.split --data {data}` holds a part of it out first", flush=True)
    return recipe


# How far a camera sways, or a crowd moves together, between two frames, px. Standing crowds do not.
SWAY_PX = 16


def _chw(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


class Crops(IterableDataset):
    """Random crops: image uint8 [3,S,S], heads uint8 [S/2,S/2].

    With `frames` also `previous`, a poor estimate of the previous frame's heads, uint8 [S/2,S/2], and `before`,
    uint8 [3,S,S]: the same scene in the same light as the frame before may have shown it, from a slightly other place and through another moment's noise and compression.
    """

    def __init__(
        self, pictures: list[Picture], recipe: Recipe, weights: dict[str, float], seed: int, frames: bool = False
    ) -> None:
        self.recipe = recipe
        self.frames = frames
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

    def _piece(self, random: np.random.Generator, size: int) -> tuple[Image.Image, np.ndarray]:
        group = self.groups[self.names[random.choice(len(self.names), p=self.shares)]]
        stored = group[random.integers(len(group))]
        scale = draw_scale(random, stored.folder, self.recipe.native_scale_share)
        return random_crop(stored.pixels, stored.points, size, scale, random)

    def draw(self, random: np.random.Generator, wear: CameraWear) -> dict[str, torch.Tensor]:
        size = self.recipe.crop
        margin = SWAY_PX if self.frames else 0
        piece, points = self._piece(random, size + 2 * margin)
        if random.random() < self.recipe.joined:
            piece, points = join(piece, points, *self._piece(random, size + 2 * margin), random)
        piece = wear.light(piece)
        now, points_now = window(piece, points, size, margin, margin)
        item = {
            "image": _chw(wear.sensor(now)),
            "cells": torch.from_numpy(scatter_points(points_now, size, size)),
        }
        if self.frames:
            poor = previous_points(points_now, size, random)
            item["previous"] = torch.from_numpy(scatter_points(poor, size, size))
            sway = random.normal(0, 6, 2) if random.random() < 0.5 else np.zeros(2)
            left, top = (margin + np.clip(np.round(sway), -margin, margin)).astype(int)
            before, _ = window(piece, points, size, left, top)
            item["before"] = _chw(wear.sensor(before))
        return item


def make_loader(crops: Crops, batch: int, workers: int, pinned: bool = False) -> DataLoader:
    """Batches of crops; `pinned` in memory that a GPU fetches from by itself."""
    # Forked workers share the pictures, gigabytes of them; Python 3.14 would hand each a copy.
    context = "fork" if workers and sys.platform == "linux" else None
    # Many workers have enough ready with two batches each, and shared memory is scarce in containers.
    ahead = (4 if workers <= 4 else 2) if workers else None
    return DataLoader(
        crops, batch, num_workers=workers, prefetch_factor=ahead, pin_memory=pinned, multiprocessing_context=context
    )
