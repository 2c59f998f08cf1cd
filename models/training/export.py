"""Export to ONNX with a manifest and golden vectors: what the server runs.

    python -m models.training.export --checkpoint RUN/b.pt --calibration RUN/calibration.json --out models/standard

Without a checkpoint the model in `--out` keeps its graphs and weights and gets the calibration alone:

    python -m models.training.calibrate --data DIR --checkpoint models/standard/weights.pt --out RUN/calibration.json
    python -m models.training.export --calibration RUN/calibration.json --out models/standard --version 0.9.3
"""

import argparse
import hashlib
import json
import subprocess
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from .counter import Counter, load_counter, save_weights
from .density import LATENT_CHANNELS, LATENT_MEAN, LATENT_STD, PEAK_TO_PEOPLE, SPACE_TO_DEPTH
from .encoder import block_moments
from .evaluate import MAX_WIDTH, MULTIPLE
from .golden import write_manifest
from .heads import LEAST_PEOPLE
from .recipe import Recipe

OPSET = 17
LARGEST_FILE = 16 * 1024 * 1024
LICENCE = "research weights: trained on data sets without a clear licence, see MODEL_CARD.md"


class ExportedEncoder(nn.Module):
    """uint8 [N,H,W,3] -> cond [N,C,H/8,W/8], block mean and variance [N,1,H/16,W/16]."""

    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self.encoder = counter.encoder

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        cond, logits = self.encoder(image.permute(0, 3, 1, 2).float())
        mean, variance = block_moments(logits)
        return cond, mean, variance


class ControlDenoiser(nn.Module):
    """The regression control behind the denoiser's contract: blind to latent and time."""

    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self.denoiser = counter.denoiser

    def forward(self, latent: torch.Tensor, cond: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return self.denoiser(latent * 0, cond, t * 0 + 1)


def exported_denoiser(counter: Counter, recipe: Recipe) -> nn.Module:
    """(latent [N,16,h,w], cond [N,C,h,w], t [N]) -> clean latent [N,16,h,w]."""
    return ControlDenoiser(counter) if recipe.control else counter.denoiser


def _save(module: nn.Module, inputs: tuple, names: list[str], outputs: dict[str, dict], axes: dict, path: Path) -> None:
    with warnings.catch_warnings():
        # The older exporter is named deprecated, yet it alone folds batch norm and needs no other package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), inputs, str(path), input_names=names, output_names=list(outputs),
            dynamic_axes=axes | outputs, opset_version=OPSET, dynamo=False,
        )
    onnx.checker.check_model(str(path))
    if path.stat().st_size > LARGEST_FILE:
        raise SystemExit(f"{path.name} is larger than {LARGEST_FILE} bytes")


def save_graphs(counter: Counter, recipe: Recipe, out: Path) -> None:
    image = torch.randint(0, 255, (1, 64, 96, 3), dtype=torch.uint8)
    batch = {0: "batch"}
    eighth = batch | {2: "height8", 3: "width8"}
    sixteenth = batch | {2: "height16", 3: "width16"}
    _save(
        ExportedEncoder(counter), (image,), ["image"],
        {"cond": eighth, "block_mean": sixteenth, "block_variance": sixteenth},
        {"image": batch | {1: "height", 2: "width"}}, out / "encoder.onnx",
    )
    latent = torch.randn(1, LATENT_CHANNELS, 8, 12)
    cond = torch.randn(1, recipe.condition, 8, 12)
    _save(
        exported_denoiser(counter, recipe), (latent, cond, torch.ones(1)), ["latent", "cond", "t"], {"clean": eighth},
        {"latent": eighth, "cond": eighth, "t": batch}, out / "denoiser.onnx",
    )


def check_graphs(counter: Counter, recipe: Recipe, out: Path) -> float:
    """Largest difference between PyTorch and onnxruntime at another size and batch; fails when it matters."""
    image = np.random.default_rng(0).integers(0, 256, (2, 96, 160, 3), dtype=np.uint8)
    encoder = onnxruntime.InferenceSession(str(out / "encoder.onnx"), providers=["CPUExecutionProvider"])
    denoiser = onnxruntime.InferenceSession(str(out / "denoiser.onnx"), providers=["CPUExecutionProvider"])
    got = encoder.run(None, {"image": image})
    latent = np.random.default_rng(1).standard_normal((2, LATENT_CHANNELS, 12, 20), dtype=np.float32)
    t = np.array([1.0, 0.5], dtype=np.float32)
    got.append(denoiser.run(None, {"latent": latent, "cond": got[0], "t": t})[0])
    with torch.no_grad():
        want = list(ExportedEncoder(counter)(torch.from_numpy(image)))
        want.append(exported_denoiser(counter, recipe)(torch.from_numpy(latent), want[0], torch.from_numpy(t)))
    worst = max(float(np.abs(a - b.numpy()).max() / (1 + b.abs().max())) for a, b in zip(got, want, strict=True))
    if worst > 1e-3:
        raise SystemExit(f"exported graphs differ from PyTorch by {worst}")
    return worst


def file_entry(path: Path) -> dict:
    content = path.read_bytes()
    return {"file": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _commit() -> str:
    try:
        done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        # No git here: not worth losing a trained model for.
        return ""
    return done.stdout.strip()


def fitted(calibration: dict) -> dict:
    """What of a manifest is fitted after training, and the figures that came with it."""
    steps = {"shown": 1, "sum@1": 1, "sum@2": 2, "sum@4": 4, "shown@2": 2, "shown@4": 4}
    return {
        "count": {"headWeight": float(calibration["headWeight"]), "sumFrom": "first"},
        "interval": calibration["interval"],
        "evaluation": [
            {key: row[key] for key in ("data", "images", "people", "reading", "mae", "rmse", "bias")}
            | ({"steps": steps[row["reading"]]} if steps.get(row["reading"]) else {})
            for row in calibration["evaluation"]
        ],
    }


def manifest(state: dict, recipe: Recipe, calibration: dict, out: Path, name: str, version: str, note: str) -> dict:
    return {
        "manifestVersion": 1,
        "name": name,
        "version": version,
        "description": "Few-step latent diffusion crowd counter: picture encoder, light denoiser, block-count head.",
        "files": {"encoder": file_entry(out / "encoder.onnx"), "denoiser": file_entry(out / "denoiser.onnx")},
        "opset": OPSET,
        "input": {"multipleOf": MULTIPLE, "defaultWidth": "native", "maxWidth": MAX_WIDTH, "colour": "RGB"},
        "latent": {
            "channels": LATENT_CHANNELS, "downscale": 8, "spaceToDepth": SPACE_TO_DEPTH,
            "mean": LATENT_MEAN, "std": LATENT_STD, "peakToPeople": PEAK_TO_PEOPLE,
        },
        "schedule": {
            "path": "rectified-flow", "prediction": "x0",
            "timesteps": {str(k): list(v) for k, v in recipe.timesteps.items()},
            "defaultSteps": 1, "warmStart": {"t": recipe.warm_start},
        },
        "heads": {"leastPeople": LEAST_PEOPLE},
        "training": {
            "data": list(recipe.folders), "note": note, "iterations": state["iteration"],
            "seconds": round(sum(state["seconds"].values())), "commit": _commit(),
        },
        "licence": LICENCE,
    } | fitted(calibration)


def recalibrate(model: Path, calibration: dict, version: str, note: str) -> None:
    """Another calibration for an exported model's own weights: manifest and golden vectors anew, graphs untouched."""
    described = json.loads((model / "manifest.json").read_text()) | fitted(calibration) | {"version": version}
    described["training"]["note"] = "; ".join(filter(None, (described["training"]["note"], note)))
    write_manifest(model, described)


def export_model(checkpoint: Path, calibration: dict, out: Path, name: str, version: str, note: str) -> None:
    """Graphs, manifest and golden vectors of a checkpoint into a model folder."""
    counter, recipe, state = load_counter(checkpoint)
    (out / "golden").mkdir(parents=True, exist_ok=True)
    save_graphs(counter, recipe, out)
    difference = check_graphs(counter, recipe, out)
    described = manifest(state, recipe, calibration, out, name, version, note)
    write_manifest(out, described)
    save_weights(out / "weights.pt", state)
    sizes = {key: value["bytes"] for key, value in described["files"].items()}
    print(f"exported {sizes}, largest difference to PyTorch {difference:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, help="left out: the model in --out is calibrated anew")
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", help="the name of the folder of --out unless told; a server wants them the same")
    parser.add_argument("--version", help="0.1.0 unless told; another calibration needs one of its own")
    parser.add_argument("--note", default="")
    arguments = parser.parse_args()
    calibration = json.loads(arguments.calibration.read_text())
    if arguments.checkpoint:
        version = arguments.version or "0.1.0"
        export_model(arguments.checkpoint, calibration, arguments.out, arguments.name or arguments.out.absolute().name, version, arguments.note)
    elif not arguments.version:
        parser.error("give --version: readings name it, and these counts will have other intervals than those before")
    else:
        recalibrate(arguments.out, calibration, arguments.version, arguments.note)


if __name__ == "__main__":
    main()
