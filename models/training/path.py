"""The rectified-flow path between map and noise, and the few-step sampler.

x_t = (1-t) * clean + t * noise; the denoiser predicts `clean` directly.
"""

from collections.abc import Callable, Sequence

import torch

SPREAD = 0.05

Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def mix(clean: torch.Tensor, noise: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Point of the path at t [N] between clean and noise [N,C,h,w]."""
    share = t[:, None, None, None]
    return (1 - share) * clean + share * noise


def draw_times(count: int, at_one: float, grid: Sequence[float]) -> torch.Tensor:
    """Training times [count]: a share exactly 1, the others at the times used at inference or near them."""
    near = torch.tensor([t for t in grid if t < 1])
    t = around(near[torch.randint(len(near), (count,))])
    return torch.where(torch.rand(count) < at_one, torch.ones(count), t)


def around(t: torch.Tensor) -> torch.Tensor:
    """Half of the times as they are, the others up to SPREAD away.

    Spread alone left the count at one used time 3 % lower than at those beside it: what is used must itself be trained.
    """
    away = (torch.rand(len(t)) - 0.5) * 2 * SPREAD
    return torch.where(torch.rand(len(t)) < 0.5, t, t + away)


def step(latent: torch.Tensor, clean: torch.Tensor, now: float, after: float) -> torch.Tensor:
    """From time `now` to `after`, keeping the noise that the prediction implies."""
    return (1 - after) * clean + after * (latent - (1 - now) * clean) / now


def sample(
    predict: Predict, noise: torch.Tensor, times: Sequence[float], first: torch.Tensor | None = None
) -> list[torch.Tensor]:
    """Cold start from pure noise: the clean prediction after each step. predict(latent, t [N]).

    first: the prediction at times[0], where it is known already from another step count.
    """
    latent = noise
    predictions = []
    for index, now in enumerate(times):
        if index == 0 and first is not None:
            clean = first
        else:
            clean = predict(latent, torch.full((len(noise),), float(now), device=noise.device))
        predictions.append(clean)
        if index + 1 < len(times):
            latent = step(latent, clean, now, times[index + 1])
    return predictions


def warm_start(predict: Predict, previous: torch.Tensor, noise: torch.Tensor, t: float) -> torch.Tensor:
    """One step from the previous frame's clean latent, noised to time t."""
    times = torch.full((len(noise),), float(t), device=noise.device)
    return predict(mix(previous, noise, times), times)
