"""Stage B: at which times, and what the noise is mixed with, namely what inference will really have there.

A later step has the net's own first prediction, made from the same noise, and
never a true map: a net that has learned to trust the latent loses the people
that its first step missed. A warm start has the net's own estimate of the frame
before, mostly with its people somewhere else by now; now and then an imitated
poor one, and one of another place altogether, so that a wrong map does not live
on.
"""

import math

import torch
import torch.nn.functional as functional

from .counter import Counter
from .density import LATENT_CHANNELS, MAP_DOWNSCALE, latent_from_map, map_from_cells, map_from_latent
from .path import around, draw_times, mix

WARM_SHARE = 0.35
AT_ONE = 0.55
# Of the warm starts: from a poor and from a wrong map.
POOR_SHARE = 0.2
WRONG_SHARE = 0.06
# Of the warm starts: from a scene whose people walk. In half a second a walker makes two to three widths of his head.
MOVED_SHARE = 0.6
LEAST_WALK_PX, LONGEST_WALK_PX = 4.0, 32.0
# Groups that walk one way, along a side of a crop.
GROUPS = 5


def times_and_warm(count: int, grid: list[float], warm_start: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Training times [count], and which of the samples are warm starts."""
    warm = torch.rand(count) < WARM_SHARE
    at_warm = around(torch.full((count,), warm_start))
    return torch.where(warm, at_warm, draw_times(count, AT_ONE, grid)), warm


@torch.no_grad()
def estimate_before(counter: Counter, before: torch.Tensor, warm_start: float) -> torch.Tensor:
    """The net's own latent [N,16,h,w] of the frames before [N,3,H,W], half of them warm-started themselves."""
    cond, _ = counter.encoder(before)
    count, _, height, width = cond.shape
    one = torch.ones(count, device=before.device)
    noise = torch.randn(count, LATENT_CHANNELS, height, width, device=before.device)
    cold = counter.denoiser(noise, cond, one).float()
    t = one * warm_start
    warm = counter.denoiser(mix(cold, torch.randn_like(cold), t), cond, t).float()
    return torch.where((torch.rand(count, device=before.device) < 0.5)[:, None, None, None], warm, cold)


def walked(latent: torch.Tensor) -> torch.Tensor:
    """Latents [N,16,h,w] of scenes whose people have walked on, each group its own way; of some nobody has."""
    density = map_from_latent(latent)
    count, _, height, width = density.shape
    device = density.device
    low, high = math.log(LEAST_WALK_PX), math.log(LONGEST_WALK_PX)
    reach = torch.exp(torch.rand(count, device=device) * (high - low) + low) * (torch.rand(count, device=device) < MOVED_SHARE)
    ways = torch.randn(count, 2, GROUPS, GROUPS, device=device) * reach[:, None, None, None] / MAP_DOWNSCALE
    field = functional.interpolate(ways, size=(height, width), mode="bilinear", align_corners=True)
    shares = torch.stack([field[:, 0] * (2 / width), field[:, 1] * (2 / height)], dim=-1)
    # In bfloat16 places would be off by up to a fifth of a cell, and maps of which nobody walked change by 6 to 9 %.
    with torch.autocast(device.type, enabled=False):
        still = functional.affine_grid(torch.eye(2, 3, device=device).expand(count, 2, 3), list(density.shape), align_corners=False)
    return latent_from_map(functional.grid_sample(density, still + shares, align_corners=False))


@torch.no_grad()
def sources(
    counter: Counter, batch: dict[str, torch.Tensor], noise: torch.Tensor, cond: torch.Tensor, warm: torch.Tensor,
    warm_start: float,
) -> torch.Tensor:
    """Latents [N,16,h,w] to be mixed with `noise`. batch: `before` and `previous` of `Crops`, on the nets' device."""
    own = counter.denoiser(noise, cond, torch.ones(len(noise), device=noise.device)).float()
    draw = torch.rand(len(noise), device=noise.device)

    def choose(which: torch.Tensor, yes: torch.Tensor, no: torch.Tensor) -> torch.Tensor:
        return torch.where(which[:, None, None, None], yes, no)

    source = own.clone()
    if warm.any():
        before = batch["before"][warm].float().contiguous(memory_format=torch.channels_last)
        source[warm] = walked(estimate_before(counter, before, warm_start))
        previous = latent_from_map(map_from_cells(batch["previous"]))
        source = choose(warm & (draw < POOR_SHARE), previous, source)
        source = choose(warm & (draw > 1 - WRONG_SHARE), own.roll(1, 0), source)
    return source
