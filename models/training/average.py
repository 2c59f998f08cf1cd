"""Average the weights of several checkpoints of one family.

    python -m models.training.average --out RUN/a.pt RUN/a.pt:0.6 models/standard/weights.pt:0.4
    python -m models.training.average --out RUN/b.pt RUN1/b.pt:1 RUN2/b.pt:1 RUN3/b.pt:1

Before stage B: a net trained on from another and its parent often err in different directions;
their mean has less of both errors. Later steps suffer from it until stage B
has trained the denoiser on the averaged encoder.

After it: short runs of stage B on one encoder differ by chance in the counts of
later steps; their mean differs less.
"""

import argparse
from pathlib import Path

import torch

from .counter import load_checkpoint, save_checkpoint


def mean_weights(parts: list[tuple[dict, float]]) -> dict[str, torch.Tensor]:
    """Weighted mean of the averaged (EMA) weights of checkpoints; shares are made to sum to 1."""
    whole = sum(share for _, share in parts)
    first = parts[0][0]["ema"]
    return {
        name: sum(state["ema"][name].float() * (share / whole) for state, share in parts)
        if value.dtype.is_floating_point else value
        for name, value in first.items()
    }


# What a denoiser was trained to be used with: a mean of two kinds would be described by the first part's recipe alone.
USED_WITH = ("timesteps", "warm_start", "control")

# Shipped weights do not say their stage: they are a whole chain's end.
SHIPPED = "b"


def refuse_two_kinds(parts: list[tuple[dict, float]]) -> None:
    """Ends of stage B must have been trained for the same use."""
    ended = [state["recipe"] for state, _ in parts if state.get("stage", SHIPPED) == "b"]
    for name in USED_WITH:
        values = [recipe[name] for recipe in ended]
        if any(value != values[0] for value in values):
            raise SystemExit(f"{name} differs between the parts ({', '.join(map(str, values))}): average runs of one recipe")


def part(text: str) -> tuple[dict, float]:
    """`FILE:SHARE` -> checkpoint and share."""
    path, _, share = text.rpartition(":")
    try:
        return load_checkpoint(Path(path)), float(share)
    except (ValueError, FileNotFoundError) as error:
        raise argparse.ArgumentTypeError(f"{text}: give a checkpoint and its share, as RUN/a.pt:0.6 ({error})") from error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", type=part, nargs="+", metavar="FILE:SHARE")
    parser.add_argument("--out", type=Path, required=True, help="RUN/a.pt, the end of stage A, or RUN/b.pt")
    arguments = parser.parse_args()
    refuse_two_kinds(arguments.parts)
    weights = mean_weights(arguments.parts)
    newest = arguments.parts[0][0]
    ended = all(state.get("stage", SHIPPED) == "b" for state, _ in arguments.parts)
    save_checkpoint(
        arguments.out, model=weights, ema=weights, optimiser=None, iteration=newest["iteration"],
        seconds=newest["seconds"], stage="b" if ended else "a", recipe=newest["recipe"],
    )


if __name__ == "__main__":
    main()
