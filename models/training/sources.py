"""Stage B: at which times, and what the noise is mixed with, namely what inference will really have there.

A later step has the net's own first prediction, made from the same noise. A
true map is rare: trusting a latent too much loses the people it misses. A warm
start has the net's own estimate of the frame before; now and then an imitated
poor one, and one of another place altogether, so that a wrong map does not
live on.
"""

import torch

from .counter import Counter
from .density import LATENT_CHANNELS, latent_from_map, map_from_cells
from .path import around, draw_times, mix

WARM_SHARE = 0.35
AT_ONE = 0.55
# Of the later steps: from the net's own prediction. Of the warm starts: from a poor and from a wrong map.
OWN_SHARE = 0.9
POOR_SHARE = 0.2
WRONG_SHARE = 0.06


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


@torch.no_grad()
def sources(
    counter: Counter, batch: dict[str, torch.Tensor], clean: torch.Tensor, noise: torch.Tensor, cond: torch.Tensor,
    warm: torch.Tensor, warm_start: float,
) -> torch.Tensor:
    """Latents [N,16,h,w] to be mixed with `noise`. batch: `before` and `previous` of `Crops`, on the nets' device."""
    own = counter.denoiser(noise, cond, torch.ones(len(clean), device=clean.device)).float()
    draw = torch.rand(len(clean), device=clean.device)

    def choose(which: torch.Tensor, yes: torch.Tensor, no: torch.Tensor) -> torch.Tensor:
        return torch.where(which[:, None, None, None], yes, no)

    source = choose(draw < OWN_SHARE, own, clean)
    if warm.any():
        before = batch["before"][warm].float().contiguous(memory_format=torch.channels_last)
        source[warm] = estimate_before(counter, before, warm_start)
        previous = latent_from_map(map_from_cells(batch["previous"]))
        source = choose(warm & (draw < POOR_SHARE), previous, source)
        source = choose(warm & (draw > 1 - WRONG_SHARE), own.roll(1, 0), source)
    return source
