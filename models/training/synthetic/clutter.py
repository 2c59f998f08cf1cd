"""Things that are not people: trees, cars, bollards, signs, balloons, desks. Many look like heads on purpose."""

from __future__ import annotations

import numpy as np

from .outfits import BAG, BOTTOM, DARK, HAIR, HAT, SEAT, SHOES, SKIN, TOP, TRIM, UMBRELLA
from .shapes import Caster, Sprite


def _tree(c: Caster, rng: np.random.Generator):
    h = rng.uniform(2.4, 4.6)
    c.limb((0, 0, 0), (rng.normal(0, 0.1), h * 0.7, 0), 0.13, 0.07, SHOES, 0.9, 6)
    for _ in range(int(rng.integers(50, 110))):
        d = rng.normal(0, 1, 3)
        d *= rng.uniform(0.3, 1) / np.linalg.norm(d)
        r = rng.uniform(0.1, 0.3)
        c.ellipsoid(np.array([0, h * 0.78, 0]) + d * [1.1, 0.85, 1.1], (r, r * 0.8, r), TOP, albedo=rng.uniform(0.45, 1.25))


def _bush(c: Caster, rng: np.random.Generator):
    for _ in range(int(rng.integers(25, 60))):
        r = rng.uniform(0.06, 0.16)
        p = np.array([rng.normal(0, 0.4), rng.uniform(0.05, 0.8), rng.normal(0, 0.3)])
        c.ellipsoid(p, (r, r, r), TOP, albedo=rng.uniform(0.4, 1.3))
        if rng.random() < 0.06:
            c.ellipsoid(p, (0.07, 0.07, 0.07), TRIM)


def _car(c: Caster, rng: np.random.Generator):
    van = rng.random() < 0.3
    glass = lambda q: (np.where(np.abs(q[..., 1]) < 0.7, DARK, TOP).astype(np.uint8), np.ones(q.shape[:-1]))
    c.box((0, 0.62, 0), (0.86, 0.32, 2.1), TOP)
    c.box((0, 1.25 if not van else 1.4, -0.2), (0.74, 0.33 if not van else 0.5, 1.15 if not van else 1.85), TOP, None, glass)
    for x in (-0.8, 0.8):
        for z in (-1.35, 1.35):
            c.ellipsoid((x, 0.32, z), (0.12, 0.33, 0.33), DARK)
        c.ellipsoid((x * 0.8, 0.66, 2.1), (0.14, 0.09, 0.05), UMBRELLA)


def _bollard(c: Caster, rng: np.random.Generator):
    h = rng.uniform(0.6, 1.2)
    c.limb((0, 0, 0), (0, h, 0), 0.08, 0.07, BAG, 1.0, 6)
    r = rng.uniform(0.09, 0.16)
    c.ellipsoid((0, h + r * 0.7, 0), (r, r, r), rng.choice([BAG, TRIM, SKIN, DARK]))


def _lamp(c: Caster, rng: np.random.Generator):
    h = rng.uniform(2.6, 4.2)
    c.limb((0, 0, 0), (0, h, 0), 0.06, 0.045, DARK, 1.6, 10)
    for x in ((0,) if rng.random() < 0.5 else (-0.35, 0.35)):
        c.ellipsoid((x, h, 0), (0.18, 0.18, 0.18), UMBRELLA, albedo=1.2)
        c.limb((0, h - 0.15, 0), (x, h - 0.15, 0), 0.03, 0.03, DARK)


def _sign(c: Caster, rng: np.random.Generator):
    h = rng.uniform(1.7, 3.0)
    c.limb((0, 0, 0), (0, h, 0), 0.03, 0.03, DARK, 3.0, 8)
    if rng.random() < 0.6:
        c.ellipsoid((0, h, 0), (0.3, 0.3, 0.02), TRIM)
        c.ellipsoid((0, h, 0.02), (0.22, 0.22, 0.02), UMBRELLA)
    else:
        c.box((0, h, 0), (rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.4), 0.03), TRIM)


def _balloons(c: Caster, rng: np.random.Generator):
    for _ in range(int(rng.integers(2, 14))):
        p = np.array([rng.normal(0, 0.3), rng.uniform(1.4, 2.8), rng.normal(0, 0.3)])
        c.ellipsoid(p, (0.12, 0.15, 0.12), rng.choice([TOP, BOTTOM, TRIM, HAT, UMBRELLA, SKIN]))
    c.limb((0, 0, 0), (0, 1.5, 0), 0.015, 0.01, DARK)


def _bench(c: Caster, rng: np.random.Generator):
    c.box((0, 0.45, 0), (0.8, 0.04, 0.22), SEAT)
    c.box((0, 0.72, -0.22), (0.8, 0.18, 0.03), SEAT)
    for x in (-0.65, 0.65):
        c.box((x, 0.22, 0), (0.04, 0.22, 0.2), DARK)


def _bin(c: Caster, rng: np.random.Generator):
    h = rng.uniform(0.35, 0.55)
    c.limb((0, 0.1, 0), (0, h * 1.8, 0), 0.24, 0.26, BAG, 0.9, 6)
    c.ellipsoid((0, h * 1.9, 0), (0.26, 0.12, 0.26), rng.choice([DARK, BAG, TRIM]))


def _balls(c: Caster, rng: np.random.Generator):
    for _ in range(int(rng.integers(1, 8))):
        r = rng.uniform(0.09, 0.2)
        c.ellipsoid((rng.normal(0, 0.5), r, rng.normal(0, 0.4)), (r, r, r), rng.choice([TOP, BOTTOM, TRIM, HAIR, SKIN, UMBRELLA]))


def _statue(c: Caster, rng: np.random.Generator):
    """Planters and urns: a pale body with a round top, the hardest thing to tell from a person."""
    c.box((0, 0.3, 0), (0.25, 0.3, 0.25), SEAT)
    c.ellipsoid((0, 0.75, 0), (0.24, 0.28, 0.24), SEAT)
    for _ in range(18):
        p = np.array([rng.normal(0, 0.12), 1.05 + rng.uniform(-0.05, 0.3), rng.normal(0, 0.12)])
        c.ellipsoid(p, (0.09, 0.07, 0.09), TOP, albedo=rng.uniform(0.5, 1.2))


def _bicycle(c: Caster, rng: np.random.Generator):
    for z in (-0.5, 0.5):
        for a in np.linspace(0, 6.28, 17)[:-1]:
            c.ellipsoid((0, 0.34 + 0.32 * np.sin(a), z + 0.32 * np.cos(a)), (0.025, 0.06, 0.06), DARK)
    c.limb((0, 0.34, -0.5), (0, 0.8, -0.2), 0.025, 0.025, TRIM)
    c.limb((0, 0.34, 0.5), (0, 0.95, 0.35), 0.025, 0.025, TRIM)
    c.limb((0, 0.8, -0.2), (0, 0.8, 0.35), 0.025, 0.025, TRIM)
    c.ellipsoid((0, 0.95, -0.25), (0.07, 0.04, 0.12), DARK)


def _desk(c: Caster, rng: np.random.Generator):
    c.box((0, 0.72, 0), (0.62, 0.02, 0.24), SEAT)
    c.box((0, 0.4, 0.2), (0.6, 0.3, 0.02), SEAT, albedo=0.8)
    for _ in range(int(rng.integers(0, 4))):
        c.box((rng.uniform(-0.5, 0.5), 0.76, rng.uniform(-0.15, 0.15)), (0.11, 0.02, 0.14), rng.choice([TRIM, UMBRELLA, BAG, DARK]))


def _chair(c: Caster, rng: np.random.Generator):
    c.box((0, 0.42, 0), (0.22, 0.03, 0.22), SEAT)
    c.box((0, 0.72, -0.2), (0.21, 0.24, 0.03), SEAT)
    if rng.random() < 0.3:
        c.ellipsoid((0, 0.98, -0.2), (0.11, 0.1, 0.07), rng.choice([SEAT, BAG, HAIR]))
    for x in (-0.18, 0.18):
        c.box((x, 0.2, 0), (0.02, 0.2, 0.18), DARK)


KINDS = {
    "tree": _tree, "bush": _bush, "car": _car, "bollard": _bollard, "lamp": _lamp, "sign": _sign,
    "balloons": _balloons, "bench": _bench, "bin": _bin, "balls": _balls, "statue": _statue,
    "bicycle": _bicycle, "desk": _desk, "chair": _chair,
}
GREEN = ("tree", "bush", "statue")


def cast_thing(rng: np.random.Generator, kind: str, elevation: float, heading: float | None = None) -> Sprite:
    """Draw one object of a kind; its head mask is empty."""
    e = np.radians(elevation)
    reach = 2.4 if kind == "car" else 1.5
    top = 5.8 if kind in ("tree", "lamp") else 3.4
    c = Caster(elevation, rng.uniform(0, 360) if heading is None else heading, reach, -reach * np.sin(e) - 0.2,
               top * np.cos(e) + reach * np.sin(e) + 0.2)
    KINDS[kind](c, rng)
    return c.sprite((0, 0, 0), 0, 0.0)


def colours_for(kind: str, rng: np.random.Generator, base: np.ndarray) -> np.ndarray:
    """A wardrobe with the greens of plants or the woods and greys of furniture where they belong."""
    colours = base.copy()
    if kind in GREEN:
        colours[TOP] = np.array([0.13, 0.24, 0.07]) * rng.uniform(0.5, 1.6) * rng.uniform(0.8, 1.2, 3)
        colours[SHOES] = np.array([0.2, 0.15, 0.1]) * rng.uniform(0.6, 1.4)
    colours[SEAT] = np.array([0.5, 0.38, 0.26]) * rng.uniform(0.4, 1.4) if rng.random() < 0.6 else colours[SEAT]
    if kind == "lamp":
        colours[UMBRELLA] = np.array([0.95, 0.93, 0.85])
    return np.clip(colours, 0.01, 1)
