"""The fixed validation split: which pictures are never trained on.

    python -m models.training.split --data DIR

writes splits/validation.json: per folder either every picture (a whole camera
held out) or a list of file names. The file is committed; training, selection,
calibration and the printed figures all read it. Of a folder of your own the last
tenth is held out, in the order of the names; folders that DIR does not have keep
what the file says.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from .labels import Picture, read_folder

SPLIT_FILE = Path(__file__).parent / "splits" / "validation.json"
UNKNOWN_CAMERA = "beijing_brt_camera1"
# Scenes are all different: every tenth picture.
INDEPENDENT = ("shanghaitech_a_train", "shanghaitech_b_train")
# Few cameras, frames close in time: one contiguous block of each.
BLOCKS = ("scut_head_a_rooms", "halls_and_classroom")
EMPTY = "empty_scenes"
SEQUENCES = ("camvid",)
NOTHING_HELD_OUT = "nothing under {data} is held out: run `python -m models.training.split --data {data}` first"


def read_split(path: Path = SPLIT_FILE) -> dict[str, list[str] | str]:
    """Folder -> held-out file names, or "all" for a folder that is never trained on."""
    return json.loads(path.read_text())["validation"]


def is_held_out(split: dict[str, list[str] | str], picture: Picture) -> bool:
    names = split.get(picture.folder, [])
    return names == "all" or picture.name in names


def _fingerprint(picture: Picture) -> np.ndarray:
    """8x8 average hash: the same photograph saved twice gives (nearly) the same 64 bits."""
    with Image.open(picture.path) as image:
        small = np.asarray(image.convert("L").resize((8, 8), Image.Resampling.BOX), dtype=np.float32)
    return (small > small.mean()).ravel()


def _source(name: str) -> str:
    """The collection a file came from, by the letters its name starts with."""
    return name.split("_")[0].rstrip("0123456789")


def _without_twins(held: list[Picture], rest: list[Picture]) -> list[str]:
    """Held-out names whose photograph does not also appear among the training pictures."""
    training = np.stack([_fingerprint(picture) for picture in rest])
    return [p.name for p in held if (training != _fingerprint(p)).sum(axis=1).min() > 3]


def own_folders(data: Path, known: Iterable[str]) -> list[str]:
    """Labelled folders in `data` that are not among the known ones, nor held out whole."""
    return sorted(p.parent.name for p in data.glob("*/labels.jsonl") if p.parent.name not in {*known, UNKNOWN_CAMERA})


def make_split(data: Path) -> dict[str, list[str] | str]:
    split: dict[str, list[str] | str] = {UNKNOWN_CAMERA: "all"}
    known = (*INDEPENDENT, *BLOCKS, EMPTY)
    for folder in own_folders(data, known):
        names = [p.name for p in read_folder(data / folder)]
        split[folder] = names[-max(2, len(names) // 10) :]
    for folder in INDEPENDENT:
        if not (data / folder).is_dir():
            continue
        pictures = read_folder(data / folder)
        held = pictures[::10]
        names = {p.name for p in held}
        split[folder] = _without_twins(held, [p for p in pictures if p.name not in names])
    for folder in (*BLOCKS, EMPTY):
        if not (data / folder).is_dir():
            continue
        groups: dict[str, list[Picture]] = defaultdict(list)
        for picture in read_folder(data / folder):
            groups[_source(picture.name)].append(picture)
        names = []
        for source, pictures in groups.items():
            if folder == EMPTY and source not in SEQUENCES:
                names += [p.name for p in pictures[::10]]
            else:
                names += [p.name for p in pictures[-max(1, len(pictures) * 12 // 100) :]]
        split[folder] = sorted(names)
    return split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    if not list(arguments.data.glob("*/labels.jsonl")):
        raise SystemExit(f"there is no labelled folder in {arguments.data}")
    split = (read_split() if SPLIT_FILE.exists() else {}) | make_split(arguments.data)
    note = "File names only. Made by models.training.split; never trained on."
    SPLIT_FILE.parent.mkdir(exist_ok=True)
    SPLIT_FILE.write_text(json.dumps({"note": note, "validation": split}, indent=2) + "\n")
    for folder, names in split.items():
        print(folder, names if names == "all" else len(names))


if __name__ == "__main__":
    main()
