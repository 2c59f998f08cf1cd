"""What lens, weather and recorder do to a picture. Nothing here moves a pixel, so points stay exact."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .backdrop import TextureBank


def _tile(noise: np.ndarray, h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """A random window of a tileable noise."""
    y, x = rng.integers(0, noise.shape[0], 2)
    return noise[(np.arange(h) + y)[:, None] % noise.shape[0], (np.arange(w) + x)[None, :] % noise.shape[1]]


def fog(picture: np.ndarray, depth: np.ndarray, reach: float, colour: np.ndarray) -> None:
    """Blend towards `colour` with distance; `reach` is the distance in metres at which 63 % is gone."""
    k = (1 - np.exp(-np.minimum(depth, 400) / reach))[..., None]
    picture *= 1 - k
    picture += k * colour


def light_map(rng: np.random.Generator, h: int, w: int, night: bool, infrared: bool) -> np.ndarray:
    """Brightness (H, W): broad unevenness by day, lamp pools by night, the lamp's cone in infrared."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    if infrared:
        d = ((x - w / 2) / (0.75 * w)) ** 2 + ((y - h * 0.6) / (0.7 * h)) ** 2
        return (0.25 + rng.uniform(0.7, 1.2) * np.exp(-d * rng.uniform(1, 2.5))).astype(np.float32)
    if night:
        out = np.full((h, w), rng.uniform(0.15, 0.35), np.float32)
        for _ in range(int(rng.integers(2, 7))):
            cx, cy, r = rng.uniform(0, w), rng.uniform(0.1 * h, h), rng.uniform(0.12, 0.4) * w
            out += rng.uniform(0.25, 0.7) * np.exp(-(((x - cx) / r) ** 2 + ((y - cy) / (0.6 * r)) ** 2))
        return out
    gx, gy = rng.normal(0, 0.14, 2)
    out = 1 + gx * (x / w - 0.5) + gy * (y / h - 0.5)
    if rng.random() < 0.25:  # the shadow of a building falls over part of the scene
        a, b = rng.normal(0, 1), rng.uniform(0.3, 0.8)
        edge = (y / h - b) + a * (x / w - 0.5)
        out = out * (1 - rng.uniform(0.25, 0.5) / (1 + np.exp(-edge * 60 * rng.choice([-1, 1]))))
    return out.astype(np.float32)


def rain(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Slanted streaks over the picture."""
    w, h = image.size
    layer = Image.new("L", (w, h), 0)
    draw = ImageDraw.Draw(layer)
    slant = rng.normal(0, 0.25)
    for _ in range(int(rng.integers(80, 600))):
        x, y, n = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(6, 30)
        draw.line([x, y, x + n * slant, y + n], fill=int(rng.uniform(20, 110)))
    return Image.composite(Image.new("RGB", (w, h), (205, 208, 212)), image, layer.filter(ImageFilter.GaussianBlur(0.6)))


def caption(rng: np.random.Generator, image: Image.Image) -> None:
    """The recorder's date and camera name."""
    w, h = image.size
    text = f"20{rng.integers(15, 27)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d} {rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}:{rng.integers(0, 60):02d}"
    draw = ImageDraw.Draw(image)
    y = 6 if rng.random() < 0.5 else h - 22
    draw.text((8, y), text, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0), font_size=int(rng.integers(11, 20)))
    if rng.random() < 0.5:
        draw.text((w - 110, y), f"CAM {rng.integers(1, 64):02d}", fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0), font_size=14)


def develop(rng: np.random.Generator, bank: TextureBank, picture: np.ndarray, *, night: bool, infrared: bool) -> Image.Image:
    """Exposure, colour, lens softness, sensor noise: linear-ish floats in, an 8-bit picture out."""
    h, w, _ = picture.shape
    np.clip(picture, 0, 4, out=picture)
    picture *= rng.uniform(0.75, 1.35) * (1 + rng.normal(0, 0.05, 3)).astype(np.float32)
    picture /= 1 + np.maximum(picture - 0.75, 0)  # highlights roll off like film instead of clipping
    np.power(np.clip(picture, 0, 1), rng.uniform(0.62, 0.95), out=picture)
    if infrared or rng.random() < 0.06:
        picture[:] = (picture @ np.array([0.45, 0.4, 0.15], np.float32))[..., None]
    else:
        grey = picture.mean(-1, keepdims=True)
        picture[:] = grey + (picture - grey) * rng.uniform(0.55, 1.15)
    picture[:] = 0.5 + (picture - 0.5) * rng.uniform(0.85, 1.25) + rng.normal(0, 0.03)
    if rng.random() < 0.5:
        y, x = np.mgrid[-1:1:h * 1j, -1:1:w * 1j].astype(np.float32)
        picture *= (1 - rng.uniform(0, 0.35) * (x * x + y * y) * 0.5)[..., None]
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    soft = rng.random()
    if soft < 0.35:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.6)))
    elif soft < 0.5:  # a cheap camera: fewer pixels than the stream says
        k = rng.uniform(0.4, 0.85)
        image = image.resize((int(w * k), int(h * k)), Image.BILINEAR).resize((w, h), Image.BILINEAR)
    elif soft < 0.6:
        image = image.filter(ImageFilter.UnsharpMask(2, int(rng.uniform(60, 180)), 2))
    strength = rng.uniform(4, 22) if night or infrared else rng.uniform(0, 9)
    if strength > 1:
        noisy = np.asarray(image, np.float32)
        shared = _tile(bank.noise[0], h, w, rng)[..., None] * strength
        chroma = np.stack([_tile(bank.noise[1], h, w, rng) for _ in range(3)], -1) * strength * 0.5 * (not infrared)
        image = Image.fromarray(np.clip(noisy + shared + chroma, 0, 255).astype(np.uint8))
    return image


def jpeg_quality(rng: np.random.Generator) -> int:
    """Mostly decent, sometimes poor."""
    return int(rng.integers(22, 45)) if rng.random() < 0.2 else int(rng.integers(45, 94))
