"""Colours for sprites: wardrobes by material number, and figures dressed in them under a light."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .shapes import Sprite, view_axes

SKIN, HAIR, TOP, BOTTOM, SHOES, BAG, HAT, TRIM, UMBRELLA, DARK, SEAT = range(1, 12)


def wardrobe(rng: np.random.Generator) -> np.ndarray:
    """Random colours (16, 3) in 0..1 by material number: street clothes are mostly dark and dull."""
    def cloth():
        kind = rng.random()
        if kind < 0.42:
            return np.full(3, rng.uniform(0.03, 0.22)) * rng.uniform(0.8, 1.2, 3)
        if kind < 0.58:
            return np.full(3, rng.uniform(0.3, 0.6)) * rng.uniform(0.88, 1.12, 3)
        if kind < 0.74:
            return np.full(3, rng.uniform(0.68, 0.95)) * rng.uniform(0.93, 1.05, 3)
        if kind < 0.86:
            return np.array([0.08, 0.13, 0.28]) * rng.uniform(0.6, 2.2) * rng.uniform(0.8, 1.2, 3)
        hue = rng.uniform(0, 6)
        vivid = np.clip([abs(hue - 3) - 1, 2 - abs(hue - 2), 2 - abs(hue - 4)], 0, 1)
        return (vivid * rng.uniform(0.15, 0.6) + rng.uniform(0.05, 0.3)) * rng.uniform(0.5, 1)

    skin = np.array([0.86, 0.62, 0.49]) * np.array([1, 0.97, 0.95]) ** rng.uniform(0, 2) * rng.choice([1.0, 0.92, 0.8, 0.62, 0.42], p=[0.3, 0.3, 0.2, 0.1, 0.1])
    hair = [np.array([0.06, 0.05, 0.045]), np.array([0.14, 0.09, 0.06]), np.array([0.26, 0.17, 0.10]), np.array([0.55, 0.42, 0.25]), np.array([0.55, 0.55, 0.55])]
    colours = np.zeros((16, 3))
    colours[SKIN] = skin
    colours[HAIR] = hair[rng.choice(5, p=[0.5, 0.22, 0.13, 0.07, 0.08])] * rng.uniform(0.6, 1.3)
    for slot in (TOP, BOTTOM, SHOES, BAG, HAT, TRIM, UMBRELLA):
        colours[slot] = cloth()
    colours[BOTTOM] = np.minimum(colours[BOTTOM], 0.5) if rng.random() < 0.8 else colours[BOTTOM]
    colours[SHOES] *= 0.6
    colours[DARK] = 0.06
    colours[SEAT] = cloth()
    return np.clip(colours, 0.015, 1)


class Dressed:
    """A sprite in colours under a light: premultiplied RGBA pictures at halving sizes, and head masks."""

    def __init__(self, sprite: Sprite, colours: np.ndarray, light: "Light"):
        self.sprite = sprite
        n = sprite.normal.astype(np.float32)
        axes = view_axes(sprite.elevation).astype(np.float32)
        up = n @ axes[:, 1]
        sun = np.maximum(n @ (axes @ light.direction).astype(np.float32), 0)
        shade = light.ambient * (0.7 + 0.3 * up)[..., None] * light.sky + light.sun * sun[..., None] * light.tint
        rgb = colours.astype(np.float32)[sprite.material] * shade * (sprite.albedo[..., None] / 128.0)
        alpha = (sprite.material > 0)[..., None]
        rgba = np.concatenate([np.clip(rgb, 0, 1) * alpha, alpha], -1)
        full = Image.fromarray((rgba * 255).astype(np.uint8), "RGBA")
        head = Image.fromarray(sprite.head.astype(np.uint8) * 255)
        self.levels = [(1, full, head)]
        step = 1
        while min(full.size) // (step * 2) >= 3 and step < 32:
            step *= 2
            self.levels.append((step, full.reduce(step), head.reduce(step)))

    def at_scale(self, scale: float) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Premultiplied float RGBA, head mask 0..1 and the true x and y scale at about `scale` of full size."""
        h, w = self.sprite.material.shape
        tw, th = max(1, round(w * scale)), max(2, round(h * scale))
        step, image, head = next((lv for lv in reversed(self.levels) if 1 / lv[0] >= scale * 0.95), self.levels[0])
        size = (tw, th)
        box = (0, 0, w / step, h / step)
        box = (0, 0, min(box[2], image.width), min(box[3], image.height))
        # The channels are premultiplied; splitting keeps Pillow from dividing by alpha again.
        planes = [np.asarray(p.resize(size, Image.BILINEAR, box)) for p in image.split()]
        mask = np.asarray(head.resize(size, Image.BILINEAR, box), np.float32) / 255
        return np.stack(planes, -1).astype(np.float32) / 255, mask, tw / w, th / h


class Light:
    """Sun (direction in world axes, strength, tint) and sky (ambient strength and colour)."""

    def __init__(self, direction=(0.3, 0.8, -0.5), sun=0.6, ambient=0.6, tint=(1.0, 0.96, 0.9), sky=(0.94, 0.97, 1.0)):
        d = np.asarray(direction, float)
        self.direction = d / np.linalg.norm(d)
        self.sun, self.ambient = sun, ambient
        self.tint, self.sky = np.asarray(tint, np.float32), np.asarray(sky, np.float32)
