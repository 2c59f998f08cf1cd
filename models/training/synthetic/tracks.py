"""Write where every walker's head is in every frame of the demo clip, with identities: the truth for counting lines.

    python -m models.training.synthetic.tracks --out tracks.json
    python -m models.training.synthetic.tracks --out tracks.json --clip infra/demo/crowd.mp4 --frames DIR --fps 5

The second also writes the clip's pictures as a labelled folder, for figures on consecutive frames (needs ffmpeg).
"""

from __future__ import annotations

import argparse
import json
import subprocess
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


def write_frames(about: dict, source: Path, folder: Path, fps: int) -> int:
    """Labelled folder of the clip's pictures, `fps` of them a second; returns how many."""
    every = about["fps"] // fps
    (folder / "images").mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-vf", f"select=not(mod(n\\,{every}))", "-fps_mode", "passthrough",
         "-start_number", "0", "-q:v", "2", str(folder / "images" / "%05d.jpg")],
        check=True,
    )
    width, height = about["widthPx"], about["heightPx"]
    lines = []
    for number, heads in enumerate(about["frames"][::every]):
        points = [[round(x * width, 1), round(y * height, 1)] for _, x, y in heads if 0 <= x < 1 and 0 <= y < 1]
        lines.append({"image": f"images/{number:05d}.jpg", "width": width, "height": height, "points": points})
    (folder / "labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return len(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--clip", type=Path, help="the clip itself, for --frames")
    parser.add_argument("--frames", type=Path, help="write its pictures as a labelled folder here")
    parser.add_argument("--fps", type=int, default=5, help="pictures a second of --frames")
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
    if args.frames:
        if not args.clip:
            parser.error("--frames needs --clip, the file its pictures are taken from")
        print(f"{write_frames(about, args.clip, args.frames, args.fps)} pictures in {args.frames}")


if __name__ == "__main__":
    main()
