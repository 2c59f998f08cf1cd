"""Render labelled synthetic crowd pictures.

    python -m models.training.synthetic.render --out DIR --count N --seed S [--empty-share 0.1] [--jobs 2]

Writes DIR/images/*.jpg, DIR/labels.jsonl (the data README's format) and DIR/scenes.jsonl (camera pose and
ground plane of each picture). Picture i depends on (seed, i) alone; labels appear only when all is rendered.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from .backdrop import TextureBank
from .effects import jpeg_quality
from .picture import FigureBank, crowd_size, render

# Pictures with people, and without, that show heaps of stones, snow or the like.
HEAPED_SHARE = 0.06
HEAPED_EMPTY_SHARE = 0.5

_banks: tuple[TextureBank, FigureBank] | None = None


def render_one(task: tuple[str, int, int, float]) -> tuple[dict, dict]:
    """Render picture `index` of (directory, seed, index, empty share) and return its label and scene."""
    assert _banks is not None
    out, seed, index, empty_share = task
    rng = np.random.default_rng([seed, index])
    people = 0 if rng.random() < empty_share else crowd_size(rng)
    # Heaps mostly stand where nobody is, or they would be learned as a sign of people; but not only there, or as one of nobody.
    heaped = np.random.default_rng([seed, index, 12]).random() < (HEAPED_SHARE if people else HEAPED_EMPTY_SHARE)
    image, points, scene = render(rng, *_banks, people, heaped)
    name = f"images/s{seed}-{index:05d}.jpg"
    image.save(Path(out) / name, quality=jpeg_quality(rng))
    label = {"image": name, "width": image.width, "height": image.height, "points": points}
    return label, {"image": name, **scene}


def _append_atomically(path: Path, rows: list[dict]) -> None:
    """Add lines to a .jsonl so that a reader sees either the old file or the whole new one."""
    old = path.read_text() if path.exists() else ""
    part = path.with_suffix(".part")
    part.write_text(old + "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    os.replace(part, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--empty-share", type=float, default=0.1)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    (args.out / "images").mkdir(parents=True, exist_ok=True)

    global _banks
    started = time.monotonic()
    _banks = TextureBank(args.seed), FigureBank(args.seed)
    _ = _banks[0].heaps  # for all forked children
    print(f"textures and figures ready after {time.monotonic() - started:.1f} s", flush=True)
    tasks = [(str(args.out), args.seed, i, args.empty_share) for i in range(args.count)]
    started, rows = time.monotonic(), []
    if args.jobs > 1:
        with get_context("fork").Pool(args.jobs) as pool:  # forked children share the banks
            rows = list(pool.imap(render_one, tasks, chunksize=4))
    else:
        rows = [render_one(task) for task in tasks]
    _append_atomically(args.out / "scenes.jsonl", [scene for _, scene in rows])
    _append_atomically(args.out / "labels.jsonl", [label for label, _ in rows])
    took = time.monotonic() - started
    people = sum(len(label["points"]) for label, _ in rows)
    print(f"{len(rows)} pictures, {people} people, {len(rows) / took:.1f} pictures/s with {args.jobs} job(s)")


if __name__ == "__main__":
    main()
