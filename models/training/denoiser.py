"""The denoiser: a small two-scale U-net on the latent, run once per diffusion step."""

import torch
import torch.nn.functional as functional
from torch import nn

TIME_FREQUENCIES = 8
TIME_FEATURES = 64
# Leaky: without norm layers a plain ReLU net can die in one bad early step and
# then answers the same constant for ever (it happened).
LEAK = 0.1


def activate(x: torch.Tensor) -> torch.Tensor:
    return functional.leaky_relu(x, LEAK)


class TimedResidual(nn.Module):
    """Residual block whose middle is scaled and shifted by the time embedding.

    No norm layers: batch statistics would depend on t, and group norm costs
    memory passes on a CPU. The second convolution starts at zero instead.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, 1, 1)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.film = nn.Linear(TIME_FEATURES, 2 * outputs)
        self.short = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        scale, shift = self.film(time)[:, :, None, None].chunk(2, dim=1)
        inner = activate(self.first(x) * (1 + scale) + shift)
        return activate(self.short(x) + self.second(inner))


class Denoiser(nn.Module):
    """(noisy latent [N,16,h,w], cond [N,C,h,w], t [N]) -> clean latent [N,16,h,w] (x0 prediction)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(
            nn.Linear(2 * TIME_FREQUENCIES, TIME_FEATURES), nn.SiLU(), nn.Linear(TIME_FEATURES, TIME_FEATURES)
        )
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, 5, TIME_FREQUENCIES)))
        self.enter = nn.Conv2d(channels, width, 3, 1, 1)
        self.down_block = TimedResidual(width, width)
        self.down = nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.middle = nn.ModuleList([TimedResidual(2 * width, 2 * width) for _ in range(2)])
        self.up = nn.Conv2d(2 * width, width, 1)
        self.up_block = TimedResidual(2 * width, width)
        self.leave = nn.Conv2d(width, channels, 3, 1, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, latent: torch.Tensor, cond: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        angle = t[:, None] * self.frequencies[None]
        time = self.embed(torch.cat([angle.sin(), angle.cos()], dim=1))
        x = activate(self.enter(latent) + cond)
        x = self.down_block(x, time)
        deep = self.down(x)
        for block in self.middle:
            deep = block(deep, time)
        back = functional.interpolate(self.up(deep), scale_factor=2.0, mode="nearest")
        x = self.up_block(torch.cat([back, x], dim=1), time)
        return self.leave(x)
