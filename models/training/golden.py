"""Golden vectors: what the exported graphs say about a small rendered picture.

Made with onnxruntime, from the exported files and manifest, so
that the TypeScript sampler and read-out can be asserted against them end to
end. Arrays are base64 of little-endian bytes, with their shapes.

    python -m models.training.golden --model models/standard
"""

import argparse
import base64
import itertools
import json
from pathlib import Path

import numpy as np
import onnxruntime

from .calibrate import half_width
from .heads import gather_heads
from .synthetic.backdrop import TextureBank
from .synthetic.picture import FigureBank, render

HEIGHT, WIDTH = 96, 128
PEOPLE = 120


def draw_picture() -> np.ndarray:
    """The fullest corner of a rendered scene, uint8 [96,128,3]: no photograph, so it may be committed."""
    seed = 3
    image, points, _ = render(np.random.default_rng(seed), TextureBank(seed), FigureBank(seed), PEOPLE)
    x, y = np.array(points, dtype=np.float64).T
    lefts, tops = range(0, image.width - WIDTH + 1, 8), range(0, image.height - HEIGHT + 1, 8)

    def inside(corner: tuple[int, int]) -> int:
        left, top = corner
        return int(((x >= left) & (x < left + WIDTH) & (y >= top) & (y < top + HEIGHT)).sum())

    left, top = max(itertools.product(lefts, tops), key=inside)
    return np.asarray(image.convert("RGB"))[top : top + HEIGHT, left : left + WIDTH].copy()


def _array(values: np.ndarray) -> dict:
    kind = {"uint8": "uint8", "float32": "float32"}[values.dtype.name]
    return {"type": kind, "shape": list(values.shape), "base64": base64.b64encode(values.tobytes()).decode()}


def _map(clean: np.ndarray, latent: dict) -> np.ndarray:
    """Clean latent [1,16,h,w] -> map [4h,4w], channel = dy*4+dx."""
    size = latent["spaceToDepth"]
    _, _, rows, columns = clean.shape
    values = clean[0] * np.float32(latent["std"]) + np.float32(latent["mean"])
    return values.reshape(size, size, rows, columns).transpose(2, 0, 3, 1).reshape(rows * size, columns * size)


def make_golden(model: Path) -> dict:
    manifest = json.loads((model / "manifest.json").read_text())
    latent, schedule = manifest["latent"], manifest["schedule"]
    options = {"providers": ["CPUExecutionProvider"]}
    encoder = onnxruntime.InferenceSession(str(model / manifest["files"]["encoder"]["file"]), **options)
    denoiser = onnxruntime.InferenceSession(str(model / manifest["files"]["denoiser"]["file"]), **options)
    picture = draw_picture()
    cond, mean, variance = encoder.run(["cond", "block_mean", "block_variance"], {"image": picture[None]})
    shape = (1, latent["channels"], HEIGHT // latent["downscale"], WIDTH // latent["downscale"])
    noise = np.random.default_rng(11).standard_normal(shape, dtype=np.float32)
    warm_noise = np.random.default_rng(12).standard_normal(shape, dtype=np.float32)
    least = manifest["heads"]["leastPeople"]

    def predict(values: np.ndarray, t: float) -> np.ndarray:
        return denoiser.run(["clean"], {"latent": values, "cond": cond, "t": np.array([t], dtype=np.float32)})[0]

    def read_out(first: np.ndarray, last: np.ndarray) -> dict:
        people = float(_map(first, latent).sum(dtype=np.float64)) * latent["peakToPeople"]
        weight = manifest["count"]["headWeight"]
        head = float(mean.sum(dtype=np.float64))
        count = max(0.0, weight * head + (1 - weight) * people)
        half = float(half_width(manifest["interval"], variance.sum(dtype=np.float64), count))
        return {
            "sumPeople": people, "headPeople": head, "count": count,
            "interval": [max(0.0, count - half), count + half],
            "heads": gather_heads(_map(last, latent), least).round(5).tolist(),
        }

    runs = {}
    for name, times in schedule["timesteps"].items():
        values, cleans = noise, []
        for index, now in enumerate(times):
            cleans.append(predict(values, now))
            if index + 1 < len(times):
                after = times[index + 1]
                implied = (values - np.float32(1 - now) * cleans[-1]) / np.float32(now)
                values = np.float32(1 - after) * cleans[-1] + np.float32(after) * implied
        runs[name] = {"clean": _array(cleans[-1])} | read_out(cleans[0], cleans[-1])
        if name == "1":
            previous = cleans[0]
    t = schedule["warmStart"]["t"]
    warm = predict(np.float32(1 - t) * previous + np.float32(t) * warm_noise, t)
    return {
        "note": "Arrays are base64 of little-endian bytes. Tolerance: 1e-3 absolute. Heads: x, y in half-resolution cells, people.",
        "encoderSha256": manifest["files"]["encoder"]["sha256"],
        "denoiserSha256": manifest["files"]["denoiser"]["sha256"],
        "image": _array(picture),
        "noise": _array(noise),
        "warmNoise": _array(warm_noise),
        "leastPeople": least,
        "cond": {"shape": list(cond.shape), "mean": float(cond.mean()), "std": float(cond.std()),
                 "first": [round(float(v), 5) for v in cond.ravel()[:8]]},
        "blockMean": _array(mean),
        "blockVariance": _array(variance),
        "steps": runs,
        "warm": {"previous": "steps.1.clean", "clean": _array(warm)} | read_out(warm, warm),
    }


def write_golden(model: Path) -> None:
    folder = model / "golden"
    folder.mkdir(exist_ok=True)
    (folder / "golden.json").write_text(json.dumps(make_golden(model)) + "\n")


def write_manifest(model: Path, manifest: dict) -> None:
    """A model folder's manifest, and the golden vectors that follow from it and the graphs that lie there."""
    (model / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    write_golden(model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    write_golden(parser.parse_args().model)


if __name__ == "__main__":
    main()
