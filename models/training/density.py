"""Head points to density maps to latents, and back.

The map lives at half the picture's resolution. A head is a 5x5 Gaussian
(sigma 0.6 cells) scaled so that its peak is 1; the sum of one head's cells
times PEAK_TO_PEOPLE is one person. The latent is the same map with each 4x4
patch moved into channels (1/8 of the picture's resolution, 16 channels,
channel = dy*4+dx) divided by LATENT_STD. Everything is linear and invertible,
so that a count read from an averaged map stays unbiased.
"""

import numpy as np
import torch
import torch.nn.functional as functional

MAP_DOWNSCALE = 2
SPACE_TO_DEPTH = 4
LATENT_CHANNELS = SPACE_TO_DEPTH**2
LATENT_MEAN = 0.0
# A peak is 4 units high: visible in the noise at t = 0.6, yet not so high that
# the noisy latent gives every head away and the picture is ignored.
LATENT_STD = 0.25
KERNEL_SIGMA = 0.6
KERNEL_SIZE = 5


def _kernel() -> torch.Tensor:
    """Gaussian kernel [1,1,5,5] that sums to 1."""
    offset = torch.arange(KERNEL_SIZE, dtype=torch.float64) - KERNEL_SIZE // 2
    line = torch.exp(-(offset**2) / (2 * KERNEL_SIGMA**2))
    kernel = line[:, None] * line[None, :]
    return (kernel / kernel.sum()).float()[None, None]


KERNEL = _kernel()
PEAK_TO_PEOPLE = float(KERNEL.max())
PEAK_KERNEL = KERNEL / PEAK_TO_PEOPLE


def scatter_points(points: np.ndarray, width: int, height: int) -> np.ndarray:
    """Heads per half-resolution cell: points [n,2] (x,y in pixels) -> uint8 [height/2, width/2]."""
    rows, columns = height // MAP_DOWNSCALE, width // MAP_DOWNSCALE
    cells = np.zeros((rows, columns), dtype=np.uint8)
    if len(points):
        x = np.clip((points[:, 0] / MAP_DOWNSCALE).astype(np.int64), 0, columns - 1)
        y = np.clip((points[:, 1] / MAP_DOWNSCALE).astype(np.int64), 0, rows - 1)
        np.add.at(cells, (y, x), 1)
    return cells


def map_from_cells(cells: torch.Tensor) -> torch.Tensor:
    """Heads per cell [N,h,w] (any number type) -> map [N,1,h,w], a head's peak is 1."""
    return functional.conv2d(cells.float()[:, None], PEAK_KERNEL.to(cells.device), padding=KERNEL_SIZE // 2)


def latent_from_map(density: torch.Tensor) -> torch.Tensor:
    """Map [N,1,h,w] -> latent [N,16,h/4,w/4]."""
    return (functional.pixel_unshuffle(density, SPACE_TO_DEPTH) - LATENT_MEAN) / LATENT_STD


def map_from_latent(latent: torch.Tensor) -> torch.Tensor:
    """Latent [N,16,h/4,w/4] -> map [N,1,h,w]."""
    return functional.pixel_shuffle(latent * LATENT_STD + LATENT_MEAN, SPACE_TO_DEPTH)


def people_in_map(density: torch.Tensor) -> torch.Tensor:
    """Linear count of a map [N,1,h,w] -> people [N]. Not clamped: clamping would bias the sum."""
    return density.sum(dim=(1, 2, 3)) * PEAK_TO_PEOPLE
