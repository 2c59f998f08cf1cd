"""What the nets are trained for.

The clean latent predicted with a squared error is the expected map, and the
sum of the expected map is the best count: so the map's losses are squared
errors only, at several scales, and their weights depend on the picture (on the
head's detached estimate), never on the label, which would bias the expectation.
"""

import torch
import torch.nn.functional as functional

from .density import PEAK_TO_PEOPLE
from .encoder import block_moments, zero_inflated_poisson

# People per crop (or block) below which an error weighs in full.
CROP_PEOPLE = 12.0
# Block size in map cells (0: the whole crop), people added to the expected
# variance, share in the loss. A block's error pushes all its cells the same
# way, so coarse shares must be tiny: at 0.3 the whole-crop term alone drowned
# the cells' own error and the denoiser learned nothing but a constant.
MAP_SCALES = ((8, 0.3, 0.5), (32, 2.0, 0.05), (0, 6.0, 0.005))
FINE_SHARE = 0.3
# Beyond this many standard deviations an error counts linearly: one wild crop
# early in training must not drown the others. Trained errors are well inside.
WILD = 2.0


def _sum_blocks(x: torch.Tensor, size: int) -> torch.Tensor:
    """Sum over size x size blocks; size 0 means the whole crop."""
    if size == 0:
        return x.sum(dim=(2, 3), keepdim=True)
    return functional.avg_pool2d(x, size) * (size * size)


def map_loss(
    predicted: torch.Tensor, target: torch.Tensor, block_mean: torch.Tensor, coarse: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Squared errors of the map [N,1,h,w] per head-cell and per block.

    block_mean [N,1,h/8,w/8] is the head's estimate (people per 16 px block);
    coarse [N] (0 or 1) says for which crops the block terms count: at t < 1 the
    latent already gives much of the count away, so only t = 1 is asked for it.
    """
    error = predicted - target
    expected = block_mean.detach()
    weight = CROP_PEOPLE / (CROP_PEOPLE + expected.sum(dim=(1, 2, 3)))
    fine = (weight * error.square().sum(dim=(1, 2, 3))).mean() * FINE_SHARE
    blocks = error.new_zeros(())
    milder = weight.sqrt()
    people = error * PEAK_TO_PEOPLE
    for size, floor, share in MAP_SCALES:
        deviations = _sum_blocks(people, size) / (_sum_blocks(expected, size // 8) + floor).sqrt()
        scaled = functional.huber_loss(deviations, torch.zeros_like(deviations), reduction="none", delta=WILD)
        blocks = blocks + share * (coarse * milder * scaled.mean(dim=(1, 2, 3))).sum() / coarse.sum().clamp(min=1)
    return fine, blocks


def _poisson(mean: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """Poisson log loss, zero when mean equals count."""
    excess = mean - count * torch.log(mean + 1e-6)
    return excess - (count - torch.xlogy(count, count + 1e-6))


def head_loss(logits: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """Zero-inflated Poisson log loss per 16 px block plus Poisson log losses of 64 px and whole-crop sums.

    logits [N,2,h,w] per block, cells [N,8h,8w] heads per half-resolution cell.
    """
    count = _sum_blocks(cells.float()[:, None], 8)
    empty, rate = zero_inflated_poisson(logits)
    nobody = -torch.log(empty + (1 - empty) * torch.exp(-rate) + 1e-8)
    somebody = -torch.log1p(-empty + 1e-6) + rate - count * torch.log(rate) + torch.lgamma(count + 1)
    blocks = torch.where(count == 0, nobody, somebody).sum(dim=(1, 2, 3))
    mean = block_moments(logits)[0]
    middle = _poisson(_sum_blocks(mean, 4), _sum_blocks(count, 4)).sum(dim=(1, 2, 3))
    whole = _poisson(_sum_blocks(mean, 0), _sum_blocks(count, 0)).sum(dim=(1, 2, 3))
    weight = (CROP_PEOPLE / (CROP_PEOPLE + mean.detach().sum(dim=(1, 2, 3)))).sqrt()
    return (weight * (blocks + 0.5 * middle + 0.5 * whole)).mean() * 0.06
