"""The counter: encoder and denoiser together, and their checkpoints."""

from pathlib import Path

import torch
from torch import nn

from .denoiser import Denoiser
from .density import LATENT_CHANNELS
from .encoder import Encoder
from .recipe import Recipe


class Counter(nn.Module):
    """Encoder (once a frame) and denoiser (once a step)."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.encoder = Encoder(recipe.widths, recipe.condition, recipe.blocks, recipe.backbone)
        self.encoder.backbone.dropped = recipe.dropped
        self.denoiser = Denoiser(LATENT_CHANNELS, recipe.condition)


def save_checkpoint(path: Path, **state) -> None:
    """Atomic: a killed run leaves the previous checkpoint, never half of one."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def load_checkpoint(path: Path) -> dict:
    return torch.load(path, map_location="cpu", weights_only=True)


def save_weights(path: Path, state: dict) -> None:
    """The averaged weights alone, kernels in half precision: what fine-tuning starts from and what is committed."""
    weights = {name: v.half() if v.ndim > 1 else v for name, v in state["ema"].items()}
    save_checkpoint(path, ema=weights, recipe=state["recipe"], iteration=state["iteration"], seconds=state["seconds"])


def load_counter(path: Path) -> tuple[Counter, Recipe, dict]:
    """The averaged (EMA) weights of a checkpoint, in evaluation mode."""
    state = load_checkpoint(path)
    recipe = Recipe.from_dict(state["recipe"])
    counter = Counter(recipe)
    counter.load_state_dict(state["ema"])
    return counter.eval(), recipe, state
