"""Random crops at random scales, and the wear and tear of real cameras."""

import io
import math

import numpy as np
from PIL import Image, ImageFilter

# Photographs of dense crowds already have heads of a few pixels: shrinking
# them further leaves nothing to learn from.
SMALLEST_SCALE = {"shanghaitech_a_train": 0.7}
# How far beyond the picture a crop may be drawn, as a share of its size.
EDGE_SHARE = 0.75


def draw_scale(random: np.random.Generator, folder: str, native_share: float) -> float:
    """Zoom of a crop: half of them near 1 (cameras are watched at native size), the others 0.5 to 2.4."""
    if random.random() < native_share:
        return float(np.exp(random.uniform(math.log(0.85), math.log(1.2))))
    low = SMALLEST_SCALE.get(folder, 0.5)
    return float(np.exp(random.uniform(math.log(low), math.log(2.4))))


def _corner(place: float, length: int, extent: float) -> int:
    """Where a crop of `extent` pixels begins, along a side of `length` pixels, for a place of 0 to 1.

    Places reach beyond both ends and are pushed back inside: drawn from inside
    alone, a picture's edges are hardly ever seen, and the far crowd stands at the
    top edge (on ShanghaiTech B four people in ten are in the first 64 of 768 rows).
    """
    beyond = EDGE_SHARE * extent
    return int(np.clip((length - extent + 2 * beyond) * place - beyond, 0, int(length - extent)))


def random_crop(
    pixels: np.ndarray, points: np.ndarray, size: int, scale: float, random: np.random.Generator
) -> tuple[Image.Image, np.ndarray]:
    """A size x size crop of a picture shown `scale` times larger, perhaps mirrored; points inside it."""
    height, width = pixels.shape[:2]
    stretch = float(np.exp(random.uniform(-0.12, 0.12)))
    wide = min(size / scale * stretch, width)
    high = min(size / scale / stretch, height)
    left = _corner(random.random(), width, wide)
    # The far, hard part of a scene is high in its picture: half of the crops lean towards it.
    lean = random.random(2) if random.random() < 0.5 else random.random(1)
    top = _corner(lean.min(), height, high)
    wide, high = max(8, int(wide)), max(8, int(high))
    piece = Image.fromarray(np.ascontiguousarray(pixels[top : top + high, left : left + wide]))
    if (wide, high) != (size, size):
        kernel = Image.Resampling.BICUBIC if random.random() < 0.5 else Image.Resampling.BILINEAR
        piece = piece.resize((size, size), kernel)
    moved = (points - (left, top)) * (size / wide, size / high) if len(points) else points.reshape(0, 2)
    inside = ((moved >= 0) & (moved < size)).all(axis=1)
    moved = moved[inside]
    if random.random() < 0.5:
        piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        moved = np.stack([size - 1e-3 - moved[:, 0], moved[:, 1]], axis=1)
    return piece, moved


def join(
    one: Image.Image, points: np.ndarray, other: Image.Image, other_points: np.ndarray, random: np.random.Generator
) -> tuple[Image.Image, np.ndarray]:
    """A part of one crop beside or above a part of another of the same size: places without their usual surroundings."""
    size = one.width
    axis = int(random.integers(2))
    edge = int(random.uniform(0.25, 0.75) * size)
    box = (edge, 0, size, size) if axis == 0 else (0, edge, size, size)
    joined = one.copy()
    joined.paste(other.crop(box), box[:2])
    return joined, np.concatenate([points[points[:, axis] < edge], other_points[other_points[:, axis] >= edge]])


def window(piece: Image.Image, points: np.ndarray, size: int, left: int, top: int) -> tuple[Image.Image, np.ndarray]:
    """The size x size part of a crop from (left, top), and the points in it."""
    moved = points - (left, top)
    inside = ((moved >= 0) & (moved < size)).all(axis=1)
    return piece.crop((left, top, left + size, top + size)), moved[inside]


def _tone(random: np.random.Generator) -> list[int]:
    """Look-up table of 3x256 bytes: gamma, contrast, brightness, colour cast, sometimes low light."""
    ramp = np.linspace(0, 1, 256)
    curves = []
    # Evenings: darker middle tones, and lamps that are anything from yellow to blue.
    evening = random.random() < 0.2
    gamma = np.exp(random.uniform(0, 0.8) if evening else random.uniform(-0.35, 0.35))
    contrast = np.exp(random.uniform(-0.3, 0.3))
    shift = random.uniform(-0.12, 0.12)
    dark = random.uniform(0.15, 0.5) if random.random() < 0.1 else 1.0
    warmth = random.normal(0, 0.2) if evening else 0.0
    for share in (1.0, 0.2, -1.0):
        cast = np.exp(random.normal(0, 0.06) + share * warmth)
        curve = ((ramp**gamma - 0.5) * contrast + 0.5 + shift) * cast * dark
        curves.append(np.clip(curve * 255, 0, 255).astype(np.uint8))
    return np.concatenate(curves).tolist()


class CameraWear:
    """Tone, light, grey, blur, low resolution, sensor noise and compression; each picture gets some of them."""

    def __init__(self, size: int, random: np.random.Generator) -> None:
        self.random = random
        # Drawing normal numbers per crop costs more than all the rest: slices of one bank do.
        self.noise = random.standard_normal((2 * size, 2 * size, 3)).astype(np.float32)

    def light(self, piece: Image.Image) -> Image.Image:
        """What stays from frame to frame: tone, light, grey."""
        random = self.random
        if random.random() < 0.8:
            piece = piece.point(_tone(random))
        if random.random() < 0.2:
            piece = self._lit(piece)
        if random.random() < 0.12:
            piece = piece.convert("L").convert("RGB")
        return piece

    def sensor(self, piece: Image.Image) -> np.ndarray:
        """What each frame gets anew: blur, low resolution, sensor noise, compression. uint8 [size,size,3]."""
        random = self.random
        size = piece.width
        if random.random() < 0.15:
            piece = piece.filter(ImageFilter.BoxBlur(random.uniform(0.3, 1.5)))
        if random.random() < 0.12:
            low = int(size * random.uniform(0.4, 0.85))
            piece = piece.resize((low, low), Image.Resampling.BILINEAR).resize((size, size), Image.Resampling.BILINEAR)
        if random.random() < 0.2:
            piece = self._noisy(piece)
        if random.random() < 0.3:
            buffer = io.BytesIO()
            piece.save(buffer, "JPEG", quality=int(random.integers(25, 85)))
            piece = Image.open(buffer)
        return np.asarray(piece)

    def _lit(self, piece: Image.Image) -> Image.Image:
        """Lamps and shade: light that changes over the picture, softly or, as a cast shadow, at a hard edge."""
        random = self.random
        size = piece.width
        coarse = Image.fromarray(np.exp(random.normal(0, 0.45, (4, 4))).astype(np.float32))
        light = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))
        if random.random() < 0.4:
            angle, place = random.uniform(0, 2 * math.pi), random.uniform(-0.4, 0.4) * size
            y, x = np.ogrid[:size, :size]
            shaded = (x - size / 2) * math.cos(angle) + (y - size / 2) * math.sin(angle) > place
            light = np.where(shaded, light * random.uniform(0.25, 0.7), light)
        lit = np.asarray(piece, dtype=np.float32) * light[:, :, None]
        return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))

    def _noisy(self, piece: Image.Image) -> Image.Image:
        size = piece.width
        y, x = self.random.integers(0, size, 2)
        noise = self.noise[y : y + size, x : x + size]
        if self.random.random() < 0.4:
            noise = noise[:, :, :1]
        strength = float(np.exp(self.random.uniform(math.log(2), math.log(22))))
        noisy = np.asarray(piece, dtype=np.float32) + strength * noise
        return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
