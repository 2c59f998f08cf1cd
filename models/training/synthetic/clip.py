"""Render the demo clip: a square that fills and empties, as H.264 that loops without a seam.

    python -m models.training.synthetic.clip --out infra/demo/crowd.mp4

Beside the clip a .counts.json holds the exact number of visible heads of every frame. Every walker's path is a
function of time modulo the clip's length, so the last frame continues into the first.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from . import textures
from .backdrop import Stage, TextureBank, Wall, paint_stage
from .camera import Camera
from .clutter import cast_thing, colours_for
from .outfits import Dressed, Light, wardrobe
from .people import cast_person
from .picture import Painter, shadow_mask

WIDTH, HEIGHT, FPS, SECONDS = 768, 432, 10, 60
STRIDE_M = 1.35  # metres a walker covers in one whole gait cycle
GAIT_STEPS = 8
ELEVATION_STEP = 5.0  # degrees between castings of a walker as he nears the camera


@dataclass
class Walker:
    """Who walks in at `start` s, stands at `spot` from `arrive` to `leave`, and is gone at `end` (seconds)."""

    seed: int
    colours: np.ndarray
    way: np.ndarray  # entry, spot, exit as (3, 2) ground metres
    times: tuple[float, float, float, float]
    stand_heading: float

    def at(self, t: float) -> tuple[float, float, float, float | None] | None:
        """Ground x, z, heading in degrees and gait phase (None: standing) at clip time t, or None when away."""
        start, arrive, leave, end = self.times
        t = start + (t - start) % SECONDS
        if t >= end:
            return None
        if arrive <= t < leave:
            return *self.way[1], self.stand_heading, None
        a, b, k = (self.way[0], self.way[1], (t - start) / (arrive - start)) if t < arrive else (
            self.way[1], self.way[2], (t - leave) / (end - leave))
        d = b - a
        x, z = a + d * k
        return x, z, float(np.degrees(np.arctan2(d[0], d[1]))), float(np.linalg.norm(d) * k / STRIDE_M * 2 * np.pi)


def make_walkers(rng: np.random.Generator) -> list[Walker]:
    """Some eighty people gather around the middle of the minute; all the time a few pass by."""
    walkers, spots = [], []
    edge = lambda: np.array([rng.choice([-1, 1]) * 17.0, rng.uniform(8, 27)]) if rng.random() < 0.8 else np.array([rng.uniform(-2.5, 2.5), 2.0])
    while len(walkers) < 118:
        gather = len(walkers) < 76
        for _ in range(400):
            spot = np.array([rng.normal(0.5, 3.2), rng.normal(15.0, 3.0)]) if gather else np.array([rng.uniform(-8, 8), rng.uniform(7, 25)])
            if 7 < spot[1] < 26 and all(np.hypot(*(spot - other)) > 0.62 for other in spots):
                break
        way = np.stack([edge(), spot, edge()])
        speed = rng.uniform(1.05, 1.5)
        inward, outward = np.linalg.norm(way[1] - way[0]) / speed, np.linalg.norm(way[2] - way[1]) / speed
        if gather:
            spots.append(spot)
            arrive, leave = rng.normal(24, 6.5), rng.normal(45, 4.5)
            leave = max(leave, arrive + 2)
        else:
            arrive = leave = rng.uniform(0, SECONDS)
        if outward + inward + leave - arrive > SECONDS - 1:
            continue
        facing = float(np.degrees(np.arctan2(0.5 - spot[0], 22 - spot[1])) + rng.normal(0, 35))
        walkers.append(Walker(int(rng.integers(1 << 30)), wardrobe(rng), way, (arrive - inward, arrive, leave, leave + outward), facing))
    return walkers


class Troupe:
    """Castings of every walker, made when first needed and kept: by heading, gait step and elevation."""

    def __init__(self, light: Light):
        self.light, self.cache = light, {}

    def dressed(self, walker: Walker, heading: float, phase: float | None, elevation: float) -> Dressed:
        step = None if phase is None else int(phase / (2 * np.pi) * GAIT_STEPS) % GAIT_STEPS
        tilt = round(elevation / ELEVATION_STEP)
        key = (walker.seed, round(heading), step, tilt)
        if key not in self.cache:
            rng = np.random.default_rng(walker.seed)  # the same body each time
            sprite = cast_person(rng, tilt * ELEVATION_STEP, heading=heading, phase=0.0 if step is None else (step + 0.5) / GAIT_STEPS * 2 * np.pi,
                                 walking=step is not None)
            self.cache[key] = Dressed(sprite, walker.colours, self.light)
        return self.cache[key]


def build_square(seed: int):
    """The empty square of a seed and who walks there: (camera, painted ground, light, furniture, walkers)."""
    rng = np.random.default_rng(seed)
    camera = Camera(WIDTH, HEIGHT, 700.0, 6.5, 21.0, 0.0)
    bank = TextureBank(seed)
    slabs = textures.Texture(np.clip(
        (1 + 0.015 * textures.fractal(rng, power=0.8) + 0.04 * textures.fractal(rng, power=1.8))[..., None]
        * textures.cells(rng, 8, 16, 3, 0.05, True)[..., None] * np.array([0.56, 0.54, 0.51]), 0, 1), 8.0)
    stage = Stage("plaza", slabs, [Wall(0.0, 1.0, 32.0, bank.facades[3], 14.0), Wall(0.96, 0.28, 26.0, bank.facades[7], 12.0)])
    light = Light((0.5, 0.75, -0.45), 0.75, 0.5)
    base, _ = paint_stage(rng, bank, camera, stage)
    base *= light.ambient * 0.95 * light.sky + light.sun * light.direction[1] * light.tint
    things = [("lamp", -6.5, 21.0), ("lamp", 7.5, 22.0), ("tree", -10.5, 27.0), ("tree", 10.5, 27.5), ("bench", -7.0, 18.0), ("bin", 6.0, 12.0), ("bollard", -4.2, 9.0), ("bollard", -3.0, 9.0)]
    furniture = []
    for kind, x, z in things:
        sprite = cast_thing(rng, kind, float(camera.depression(x, z, 1.0)))
        furniture.append((float(np.hypot(x, z)), x, z, Dressed(sprite, colours_for(kind, rng, wardrobe(rng)), light), False))
    return camera, base, light, furniture, make_walkers(rng)


def render_frames(seed: int, frames: int):
    """Yield (RGB array, head points) for every frame of the loop."""
    camera, base, light, furniture, walkers = build_square(seed)
    troupe = Troupe(light)
    gain = np.ones((HEIGHT, WIDTH), np.float32)
    for frame in range(frames):
        jobs = list(furniture)
        for walker in walkers:
            now = walker.at(frame / FPS)
            if now is None:
                continue
            x, z, heading, phase = now
            dressed = troupe.dressed(walker, heading, phase, float(camera.depression(x, z)))
            jobs.append((float(np.hypot(x, z)), x, z, dressed, True))
        picture = base.copy()
        shade = shadow_mask(camera, np.array([j[1] for j in jobs]), np.array([j[2] for j in jobs]), np.full(len(jobs), 1.6), light, True)
        picture *= 1 - 0.42 * shade[..., None]
        painter = Painter(picture, camera, gain, None)
        for _, x, z, dressed, is_person in sorted(jobs, key=lambda job: -job[0]):
            painter.paste(dressed, x, z, False, is_person)
        developed = np.power(np.clip(picture * 1.15, 0, 1), 0.8)
        # A lens softens a little; it also keeps the one key frame a second small.
        image = Image.fromarray((developed * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.55))
        yield np.asarray(image), painter.visible_points()


def stand_points(seed: int, frames: int, step: int) -> list[list[list[float]]]:
    """Where everybody in the picture stands, [x, z] in ground metres, for every `step`th frame of the loop."""
    camera, _, _, _, walkers = build_square(seed)
    rows = []
    for frame in range(0, frames, step):
        there = [now for now in (walker.at(frame / FPS) for walker in walkers) if now is not None]
        uv, depth = camera.project(np.array([[x, 1.6, z] for x, z, _, _ in there]))
        seen = (depth > 0) & (uv >= 0).all(1) & (uv[:, 0] < WIDTH) & (uv[:, 1] < HEIGHT)
        rows.append([[round(x, 2), round(z, 2)] for (x, z, _, _), inside in zip(there, seen) if inside])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("infra/demo/crowd.mp4"))
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--frames", type=int, default=FPS * SECONDS, help="render only the first frames (for a look)")
    parser.add_argument("--crf", type=int, default=32)
    parser.add_argument("--stands", type=Path, help="render nothing, but write here where everybody stands, twice a second")
    parser.add_argument("--still", type=Path, help="also write the frame at half time as PNG")
    args = parser.parse_args()
    if args.stands:
        step = FPS // 2
        rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in stand_points(args.seed, args.frames, step))
        args.stands.write_text(f'{{"seed": {args.seed}, "everyFrames": {step}, "metres": [\n{rows}\n]}}\n')
        return
    encoder = subprocess.Popen(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}",
         "-r", str(FPS), "-i", "pipe:0", "-c:v", "libx264", "-preset", "veryslow", "-profile:v", "main", "-bf", "0", "-crf", str(args.crf),
         "-g", str(FPS), "-keyint_min", str(FPS), "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(args.out)],
        stdin=subprocess.PIPE)
    assert encoder.stdin is not None
    counts = []
    for index, (pixels, points) in enumerate(render_frames(args.seed, args.frames)):
        encoder.stdin.write(pixels.tobytes())
        counts.append(len(points))
        if args.still and index == args.frames // 2:
            Image.fromarray(pixels).save(args.still)
    encoder.stdin.close()
    if encoder.wait() != 0:
        raise SystemExit("ffmpeg could not encode the clip")
    about = {"clip": args.out.name, "width": WIDTH, "height": HEIGHT, "fps": FPS, "seed": args.seed, "counts": counts}
    args.out.with_suffix(".counts.json").write_text(json.dumps(about) + "\n")
    print(f"{len(counts)} frames, {min(counts)} to {max(counts)} people, {args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
