"""The picture encoder: run once per frame, gives the denoiser its condition and the block-count head.

A pretrained backbone says what things are; a small dense branch of our own at
1/2 and 1/4 of the picture, trained from scratch, says where the heads are.
Batch norm everywhere (folded into the convolutions at export).
"""

import torch
import torch.nn.functional as functional
from torch import nn

from .backbone import Backbone

PIXEL_MEAN = 112.0
PIXEL_STD = 62.0
BLOCK = 16


class ConvBlock(nn.Sequential):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):
    """Two 3x3 convolutions with a short cut; starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvBlock(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(x + self.norm(self.second(self.first(x))))


def _double(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class Encoder(nn.Module):
    """RGB [N,3,H,W] in 0..255 -> cond [N,C,H/8,W/8], block logits [N,2,H/16,W/16].

    H and W are multiples of 32. `cond` is the picture's half of the denoiser's
    first convolution: channel concatenation of picture features and latent,
    with the picture's part computed once instead of at every step.
    """

    def __init__(self, widths: tuple[int, int, int, int], condition: int, blocks: tuple[int, ...], backbone: str = "lite0") -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = widths
        self.backbone = Backbone(blocks, backbone)
        known4, known8, known16, *known32 = self.backbone.channels
        self.stem = ConvBlock(3, half, stride=2)
        self.stage4 = nn.Sequential(ConvBlock(half, quarter, stride=2), Residual(quarter))
        self.lateral32 = nn.Conv2d(known32[0], sixteenth, 1) if known32 else None
        self.lateral16 = nn.Conv2d(known16, sixteenth, 1)
        self.lateral8 = nn.Conv2d(known8, eighth, 1)
        self.fuse16 = ConvBlock(sixteenth, sixteenth)
        self.narrow = nn.Conv2d(sixteenth, eighth, 1)
        self.fuse8 = ConvBlock(eighth, eighth)
        self.detail = ConvBlock(quarter + known4, eighth // 2, stride=2)
        features = eighth + eighth // 2
        self.condition = nn.Conv2d(features, condition, 3, 1, 1)
        self.count = nn.Sequential(ConvBlock(features, 64, stride=2), nn.Conv2d(64, 2, 1))
        # Start near "most blocks are empty, few people in the others".
        with torch.no_grad():
            self.count[-1].weight.mul_(0.1)
            self.count[-1].bias.copy_(torch.tensor([1.0, 0.0]))

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        known4, known8, known16, *known32 = self.backbone(image)
        own4 = self.stage4(self.stem((image - PIXEL_MEAN) * (1.0 / PIXEL_STD)))
        wide = self.lateral16(known16)
        if self.lateral32 is not None:
            wide = wide + _double(self.lateral32(known32[0]))
        at16 = self.fuse16(wide)
        at8 = self.fuse8(self.lateral8(known8) + _double(self.narrow(at16)))
        detail = self.detail(torch.cat([own4, known4.to(own4.dtype)], dim=1))
        features = torch.cat([at8, detail], dim=1)
        return self.condition(features), self.count(features)


def zero_inflated_poisson(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Block logits [N,2,h,w] -> (probability of an empty block, rate when not empty), each [N,1,h,w]."""
    empty = torch.sigmoid(logits[:, :1])
    rate = functional.softplus(logits[:, 1:]) + 1e-4
    return empty, rate


def block_moments(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Block logits [N,2,h,w] -> mean and variance of the people in each block, each [N,1,h,w]."""
    empty, rate = zero_inflated_poisson(logits)
    mean = (1 - empty) * rate
    return mean, mean + empty * (1 - empty) * rate * rate
