"""Every number of a training run in one place; a copy is saved in each checkpoint."""

from dataclasses import asdict, dataclass, field


@dataclass
class Recipe:
    # Network.
    # Channels of the encoder's own branches at 1/2, 1/4, 1/8 and 1/16.
    widths: tuple[int, int, int, int] = (16, 32, 64, 128)
    condition: int = 48
    # ImageNet's net, lite0 or lite2, and its blocks that are kept; without any of the last five there is no 1/32.
    backbone: str = "lite0"
    # Stochastic depth: how often the backbone's last block is left out in training, those before it less often.
    dropped: float = 0.0
    blocks: tuple[int, ...] = tuple(range(16))

    # Data: crops of `crop` pixels; folder weights are shares of the crops drawn.
    crop: int = 320
    batch: int = 12
    folders: dict[str, float] = field(
        default_factory=lambda: {
            "shanghaitech_a_train": 0.28,
            "shanghaitech_b_train": 0.44,
            "scut_head_a_rooms": 0.09,
            "halls_and_classroom": 0.08,
            "empty_scenes": 0.11,
        }
    )
    native_scale_share: float = 0.5
    # Share of the crops that are made of two pictures.
    joined: float = 0.2

    # Optimiser. Progress is the share of the stage's crops where these are given: as much training on any
    # machine, however slow or often stopped. Else it is the share of its wall-clock minutes.
    crops_a: int | None = None
    crops_b: int | None = None
    minutes_a: float = 70.0
    minutes_b: float = 10.0
    learning_rate_a: float = 1.5e-3
    learning_rate_b: float = 8e-4
    # Pretrained blocks need adapting, not relearning.
    backbone_rate: float = 0.3
    # The denoiser has no norm layers: at the encoder's rate it blows up now and then.
    denoiser_rate: float = 0.5
    warm_up_steps: int = 100
    weight_decay: float = 0.02
    clip: float = 2.0
    ema: float = 0.998

    # Diffusion.
    share_at_one: float = 0.85
    # Stage B trains the denoiser alone: with the encoder moving too, streets went from 10.9 to 12.0.
    still_encoder: bool = True
    timesteps: dict[int, tuple[float, ...]] = field(
        default_factory=lambda: {1: (1.0,), 2: (1.0, 0.5), 4: (1.0, 0.75, 0.5, 0.25)}
    )
    # Far up: people walk, and a map of half a second ago must not outweigh the picture.
    warm_start: float = 0.75
    # Batch norm keeps its statistics: a few dozen pictures of one camera would spoil them.
    still_norms: bool = False
    # The control of equal compute: the same nets, no noise, no other t.
    control: bool = False

    seed: int = 1

    @classmethod
    def of_size(cls, size: str) -> "Recipe":
        """`standard`; `small`: six tenths of its time a picture, blocks that only refine what went before left out; `large`: a larger ImageNet net."""
        if size == "small":
            recipe = cls(widths=(12, 24, 48, 96), condition=32, blocks=(0, 1, 3, 4, 5, 8, 9))
            # So small a net takes heaped snow and rock faces for crowds.
            recipe.folders["empty_scenes"] = 0.22
            return recipe
        if size == "large":
            return cls(backbone="lite2", blocks=tuple(range(19)), dropped=0.1, backbone_rate=0.5)
        return cls()

    def as_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Recipe":
        values = dict(values)
        values["widths"] = tuple(values["widths"])
        if "blocks" in values:
            values["blocks"] = tuple(values["blocks"])
        values["timesteps"] = {int(k): tuple(v) for k, v in values["timesteps"].items()}
        return cls(**values)
