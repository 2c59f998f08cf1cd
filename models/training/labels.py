"""Labelled folders: images/ and labels.jsonl, one line a picture with its head points."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Picture:
    """One labelled picture. Points are [n,2] (x,y), pixels from the top left."""

    folder: str
    name: str
    path: Path
    width: int
    height: int
    points: np.ndarray

    @property
    def count(self) -> int:
        return len(self.points)

    def pixels(self) -> np.ndarray:
        """RGB uint8 [height,width,3]."""
        with Image.open(self.path) as image:
            return np.asarray(image.convert("RGB"))


def read_folder(root: Path, folder: str | None = None) -> list[Picture]:
    """Every picture of one labelled folder, sorted by file name."""
    root = Path(root)
    pictures = []
    with (root / "labels.jsonl").open() as lines:
        for line in lines:
            if not line.strip():
                continue
            row = json.loads(line)
            points = np.asarray(row["points"], dtype=np.float32).reshape(-1, 2)
            pictures.append(
                Picture(
                    folder=folder or root.name,
                    name=Path(row["image"]).name,
                    path=root / row["image"],
                    width=int(row["width"]),
                    height=int(row["height"]),
                    points=points,
                )
            )
    return sorted(pictures, key=lambda picture: picture.name)
