"""Write where every walker's head is in every frame of the demo clip, with identities: the truth for counting lines.

    python -m models.training.synthetic.tracks --out tracks.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from . import clip
from .camera import Camera

HEAD_M = 1.6


class _Walkers(Exception):
    """Carries the walkers out of the renderer before it paints."""


def walkers(seed: int) -> list[clip.Walker]:
    """The walkers of the clip: the renderer draws them from its own random numbers, after those of the scenery."""
    make = clip.make_walkers

    def hand_over(rng: np.random.Generator):
        raise _Walkers(make(rng))

    clip.make_walkers = hand_over
    try:
        next(clip.render_frames(seed, 1))
    except _Walkers as found:
        return found.args[0]
    finally:
        clip.make_walkers = make
    raise RuntimeError("the renderer drew no walkers")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    camera = Camera(clip.WIDTH, clip.HEIGHT, 700.0, 6.5, 21.0, 0.0)
    cast = walkers(args.seed)
    frames = []
    for frame in range(clip.FPS * clip.SECONDS):
        heads = []
        for identity, walker in enumerate(cast):
            now = walker.at(frame / clip.FPS)
            if now is None:
                continue
            (u, v), depth = (part[0] for part in camera.project(np.array([[now[0], HEAD_M, now[1]]])))
            if depth > 0.5:
                heads.append([identity, round(float(u) / clip.WIDTH, 5), round(float(v) / clip.HEIGHT, 5)])
        frames.append(heads)
    about = {
        "fps": clip.FPS, "widthPx": clip.WIDTH, "heightPx": clip.HEIGHT, "heightM": 6.5, "tiltDeg": 21.0,
        "verticalFovDeg": float(2 * np.degrees(np.arctan(clip.HEIGHT / 2 / 700.0))), "frames": frames,
    }
    args.out.write_text(json.dumps(about) + "\n")
    print(f"{len(cast)} walkers, {len(frames)} frames")


if __name__ == "__main__":
    main()
