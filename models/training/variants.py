"""Smaller and faster variants of an exported model: int8 for CPUs, fp16 for GPUs. Each is a model folder of its own.

    python -m models.training.variants --model models/standard --kind int8 --data DIR --out models/standard-int8
    python -m models.training.variants --model models/standard --kind fp16 --out models/standard-fp16

int8 quantises the encoder alone (unsigned activations, signed weights per
channel, ranges from training pictures); the denoiser is small, and its error
would be iterated. A variant is judged like any other model: `npm run evaluate`.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

from .augment import random_crop
from .batches import training_pictures, with_folders_of
from .export import file_entry
from .golden import write_manifest
from .recipe import Recipe

CALIBRATION_PICTURES = 120
# Crops of one small size: the calibrator keeps every activation of every picture, and wants equal shapes.
CALIBRATION_SIDE = 320
# The outputs' own convolutions stay in float: a step of their scale would be whole people.
OUTPUT_PARTS = ("/condition", "/count", "/stem", "Sigmoid", "Softplus", "Mul", "Sub", "Add")


class Pictures(CalibrationDataReader):
    """Crops of training pictures of all folders, as the encoder takes them."""

    def __init__(self, data: Path, count: int) -> None:
        pictures = training_pictures(data, with_folders_of(data, Recipe()), [])
        if not pictures:
            raise SystemExit(f"no labelled folders under {data}: activations' ranges are measured on training pictures")
        self.random = np.random.default_rng(1)
        chosen = self.random.permutation(len(pictures))[:count]
        self.rest = iter([pictures[i] for i in chosen])

    def get_next(self) -> dict[str, np.ndarray] | None:
        picture = next(self.rest, None)
        if picture is None:
            return None
        piece, _ = random_crop(picture.pixels(), picture.points, CALIBRATION_SIDE, 1.0, self.random)
        return {"image": np.asarray(piece)[None]}


def to_int8(source: Path, target: Path, data: Path, count: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        float_nodes = [
            node.name for node in onnx.load(str(prepared)).graph.node
            if node.op_type == "Conv" and any(part in node.name for part in OUTPUT_PARTS)
        ]
        quantize_static(
            str(prepared), str(target), Pictures(data, count), quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Add", "Concat"], per_channel=True, nodes_to_exclude=float_nodes,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": 99.99, "CalibMovingAverage": True},
        )


def to_fp16(source: Path, target: Path) -> None:
    """Weights and arithmetic in half precision; inputs and outputs stay float32, as the server gives and takes them."""
    onnx.save(convert_float_to_float16(onnx.load(str(source)), keep_io_types=True), str(target))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--kind", choices=["int8", "fp16"], required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="folder of labelled folders; int8 needs it for the ranges")
    parser.add_argument("--pictures", type=int, default=CALIBRATION_PICTURES)
    arguments = parser.parse_args()
    model, out = arguments.model, arguments.out
    if out.resolve() == model.resolve():
        parser.error("--out is the model itself: give the variant a folder of its own")
    out.mkdir(parents=True, exist_ok=True)
    if arguments.kind == "int8":
        if arguments.data is None:
            raise SystemExit("--kind int8 needs --data: activations' ranges are measured on pictures")
        to_int8(model / "encoder.onnx", out / "encoder.onnx", arguments.data, arguments.pictures)
        shutil.copyfile(model / "denoiser.onnx", out / "denoiser.onnx")
    else:
        for name in ("encoder.onnx", "denoiser.onnx"):
            to_fp16(model / name, out / name)
    manifest = json.loads((model / "manifest.json").read_text())
    manifest["name"] = out.absolute().name
    manifest["description"] += f" {arguments.kind} variant of {model.name}."
    manifest["files"] = {key: file_entry(out / f"{key}.onnx") for key in ("encoder", "denoiser")}
    # The figures are the original's; a variant's own come from `npm run evaluate`.
    manifest["evaluation"] = []
    write_manifest(out, manifest)
    print({key: value["bytes"] for key, value in manifest["files"].items()})


if __name__ == "__main__":
    main()
