"""Labelled folders: images/ and labels.jsonl, one line a picture with its head points."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

# EXIF tag 0x0112: which way up a picture is to be shown; 1 is as its pixels lie.
ORIENTATION, UPRIGHT = 0x0112, 1


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
        """RGB uint8 [height,width,3], as the server decodes it; SystemExit where the labels are not of these pixels."""
        try:
            with Image.open(self.path) as image:
                if image.getexif().get(ORIENTATION, UPRIGHT) != UPRIGHT:
                    raise SystemExit(f"{self.path} lies on its side and is turned by EXIF alone: save it upright, and label that")
                if image.size != (self.width, self.height):
                    wide, high = image.size
                    raise SystemExit(
                        f"{self.path} is {wide}x{high}, but labelled as {self.width}x{self.height}: its points would lie elsewhere"
                    )
                if image.mode.startswith("I"):
                    # Sixteen bits of grey; Pillow's own conversion would make nearly all of them white.
                    grey = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
                    return np.repeat(grey[:, :, None], 3, axis=2)
                return np.asarray(image.convert("RGB"))
        except OSError as error:
            raise SystemExit(f"{self.path} is not a picture that can be decoded: {error}") from error


def _picture(root: Path, folder: str, line: str) -> Picture:
    """One line of labels.jsonl; ValueError, TypeError or KeyError says what is wrong with it."""
    row = json.loads(line)
    path, width, height = root / row["image"], int(row["width"]), int(row["height"])
    points = np.asarray(row["points"], dtype=np.float32)
    if points.size and points.shape[1:] != (2,):
        raise ValueError("points must be pairs [x, y]")
    points = points.reshape(-1, 2)
    # Also false for NaN.
    inside = ((points >= 0) & (points <= (width, height))).all(axis=1)
    if not inside.all():
        x, y = points[~inside][0]
        raise ValueError(f"the point [{x:g}, {y:g}] is outside the picture of {width}x{height}")
    if not path.is_file():
        raise ValueError(f"there is no {row['image']}")
    return Picture(folder, path.name, path, width, height, points)


def read_folder(root: Path, folder: str | None = None) -> list[Picture]:
    """Every picture of one labelled folder, sorted by file name; SystemExit names the file and line that is wrong."""
    root = Path(root)
    labels = root / "labels.jsonl"
    if not labels.is_file():
        raise SystemExit(f"{root} is no labelled folder: there is no labels.jsonl in it")
    pictures: dict[Path, Picture] = {}
    for number, line in enumerate(labels.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            picture = _picture(root, folder or root.name, line)
            if picture.path in pictures:
                raise ValueError(f"{picture.name} is labelled twice")
        except KeyError as error:
            raise SystemExit(f"{labels}:{number} has no {error.args[0]}") from error
        except (ValueError, TypeError) as error:
            raise SystemExit(f"{labels}:{number} {error}") from error
        pictures[picture.path] = picture
    return sorted(pictures.values(), key=lambda picture: picture.name)
