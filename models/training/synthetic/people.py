"""Figures: random people as sprites, by shape, pose and what they wear or carry. Colours come later: outfits.py."""

from __future__ import annotations

import numpy as np

from .outfits import BAG, BOTTOM, DARK, HAIR, HAT, SHOES, SKIN, TOP, TRIM, UMBRELLA
from .shapes import Caster, Sprite

# Elevations in degrees at which figures are cast beforehand.
ELEVATIONS = (2, 9, 17, 26, 36, 47, 59, 72)


def _smooth_noise(rng: np.random.Generator):
    """A cheap smooth 3-D texture: a few random waves, for cloth folds and hair."""
    k = rng.normal(0, 1, (5, 3)) * np.array([2.5, 4, 6, 9, 13])[:, None]
    phase = rng.uniform(0, 6.28, 5)
    return lambda q: sum(np.sin(q @ k[i] + phase[i]) / (i + 1.2) for i in range(5))


def _cloth(rng: np.random.Generator, material: int):
    """Paint for a piece of clothing: folds, sometimes stripes, a print or an open front."""
    noise, kind, stripe = _smooth_noise(rng), rng.random(), rng.uniform(8, 22)
    width = rng.uniform(0.06, 0.3)

    def paint(q):
        mat = np.full(q.shape[:-1], material, np.uint8)
        alb = 1 + 0.11 * noise(q)
        if kind < 0.10:
            mat[np.sin(q[..., 1] * stripe) > 0.4] = TRIM
        elif kind < 0.15:
            mat[np.sin(q[..., 0] * stripe) > 0.6] = TRIM
        elif kind < 0.33:
            mat[(np.abs(q[..., 0]) < width) & (q[..., 2] > 0)] = TRIM
        elif kind < 0.42:
            mat[(np.abs(q[..., 0]) < 0.45) & (np.abs(q[..., 1] - 0.1) < 0.3) & (q[..., 2] > 0)] = TRIM
        elif kind < 0.47:
            mat[noise(q) > 0.5] = TRIM
        return mat, alb

    return paint


def _head(rng: np.random.Generator, bald: bool, hairline: float):
    noise = _smooth_noise(rng)

    def paint(q):
        x, y, z = q[..., 0], q[..., 1], q[..., 2]
        mat = np.full(x.shape, SKIN, np.uint8)
        alb = 1 + 0.03 * noise(q)
        if not bald:
            hair = (y > hairline + 0.1 * x) | ((z < 0.15) & (y > -0.55)) | ((z < -0.3) & (y > -0.9))
            mat[hair] = HAIR
            alb = np.where(hair, 1 + 0.25 * noise(q * 2), alb)
        eyes = (z > 0.4) & (np.abs(y - 0.08) < 0.1) & (np.abs(np.abs(x) - 0.38) < 0.17)
        mouth = (z > 0.4) & (np.abs(y + 0.52) < 0.06) & (np.abs(x) < 0.27)
        nose = (z > 0.6) & (np.abs(x) < 0.13) & (y < 0) & (y > -0.3)
        alb = np.where(eyes, 0.42, np.where(mouth, 0.62, np.where(nose, alb * 1.1, alb)))
        return mat, alb

    return paint


def _draw_head(c: Caster, rng: np.random.Generator, centre: np.ndarray, size: float, gear: str):
    """Head with hair and head wear; everything that belongs to the head is part 1."""
    r = np.array([0.078, 0.112, 0.094]) * size * rng.normal(1, 0.03, 3)
    bald = rng.random() < 0.06
    c.ellipsoid(centre, r, SKIN, None, _head(rng, bald, rng.uniform(0.35, 0.6)), part=1)
    if not bald and gear not in ("hood", "helmet"):
        style = rng.random()
        volume = rng.uniform(1.03, 1.22)
        c.ellipsoid(centre + [0, 0.022 * size, -0.016 * size], r * volume, HAIR, None,
                    lambda q: (np.where((q[..., 1] > 0.3) | (q[..., 2] < 0.0), HAIR, SKIN).astype(np.uint8),
                               1 + 0.12 * np.sin(q[..., 0] * 17 + q[..., 2] * 9)), part=1)
        if style < 0.33:  # long hair down the back
            c.ellipsoid(centre + [0, -0.10 * size, -0.055 * size], (r[0] * 1.2, 0.17 * size, 0.05 * size), HAIR, part=1)
        elif style < 0.42:  # bun or ponytail
            c.ellipsoid(centre + [0, 0.08 * size, -0.11 * size], np.array([0.05, 0.05, 0.05]) * size, HAIR, part=1)
    if gear == "cap":
        c.ellipsoid(centre + [0, 0.045 * size, 0], r * [1.1, 0.75, 1.1], HAT, part=1)
        c.ellipsoid(centre + [0, 0.045 * size, 0.09 * size], (0.075 * size, 0.014, 0.075 * size), HAT, albedo=0.8, part=1)
    elif gear == "beanie":
        c.ellipsoid(centre + [0, 0.045 * size, -0.01], r * [1.12, 0.92, 1.1], HAT, part=1)
    elif gear == "helmet":
        c.ellipsoid(centre + [0, 0.04 * size, 0], r * [1.35, 1.0, 1.35], HAT, part=1)
    elif gear == "brim":
        c.ellipsoid(centre + [0, 0.06 * size, 0], r * [1.1, 0.8, 1.1], HAT, part=1)
        c.ellipsoid(centre + [0, 0.05 * size, 0], (0.19 * size, 0.015, 0.19 * size), HAT, albedo=0.9, part=1)
    elif gear == "hood":
        c.ellipsoid(centre + [0, 0.0, -0.022 * size], r * [1.25, 1.22, 1.15], HAT, None,
                    lambda q: (np.where(q[..., 2] < 0.62, HAT, SKIN).astype(np.uint8), np.ones(q.shape[:-1])), part=1)


def _draw_legs(c: Caster, rng: np.random.Generator, h: float, walk: float, phase: float):
    hip, paint = 0.5 * h, 0.3
    skirt = rng.random()
    bare = SKIN if rng.random() < 0.25 else BOTTOM
    for side in (-1, 1):
        swing = walk * np.sin(phase + (0 if side < 0 else np.pi))
        bend = walk * max(0.0, np.cos(phase + (0 if side < 0 else np.pi)))
        top = np.array([side * 0.085, hip, 0.0])
        knee = np.array([side * 0.09, 0.28 * h + 0.02 * bend, 0.24 * h * np.sin(swing * 0.6) + 0.06 * bend])
        foot = np.array([side * 0.09, 0.04 + 0.12 * bend, 0.46 * h * np.sin(swing * 0.6) - 0.10 * bend])
        c.limb(top, knee, 0.085, 0.058, BOTTOM, 1.0, 4)
        c.limb(knee, foot, 0.06, 0.042, bare if skirt < 0.3 else BOTTOM, 0.92, 4)
        c.ellipsoid(foot + [0, 0.0, 0.06], (0.045, 0.042, 0.12), SHOES)
    if skirt < 0.14:  # skirt or dress
        for i in range(4):
            c.ellipsoid((0, hip - 0.05 - 0.075 * i, 0), (0.165 + 0.022 * i, 0.09, 0.125 + 0.02 * i), BOTTOM, albedo=1 - paint * 0.1 * i)
    elif skirt > 0.84:  # long coat
        for i in range(4):
            c.ellipsoid((0, hip + 0.02 - 0.08 * i, 0), (0.185 + 0.012 * i, 0.1, 0.13 + 0.012 * i), TOP, albedo=1 - 0.03 * i)


def _draw_arms(c: Caster, rng: np.random.Generator, h: float, wide: float, walk: float, phase: float, pose: str):
    sleeve = SKIN if rng.random() < 0.3 else TOP
    for side in (-1, 1):
        shoulder = np.array([side * wide, 0.805 * h, 0.0])
        swing = -walk * np.sin(phase + (0 if side < 0 else np.pi)) * 0.5
        elbow = shoulder + np.array([side * 0.05, -0.165 * h, 0.17 * h * np.sin(swing)])
        hand = elbow + np.array([-side * 0.02, -0.14 * h, 0.1 * h * (np.sin(swing) + 0.35)])
        if pose == "raised" and (side > 0 or rng.random() < 0.5):
            elbow = shoulder + np.array([side * 0.11, 0.08 * h, 0.08])
            hand = elbow + np.array([-side * 0.06, 0.16 * h, 0.03])
        elif pose == "phone" and side > 0 or pose == "folded":
            elbow = shoulder + np.array([side * 0.05, -0.155 * h, 0.04])
            hand = np.array([side * 0.05, (0.74 if pose == "phone" else 0.68) * h, 0.26 if pose == "phone" else 0.17])
            if pose == "phone":
                c.box(hand + [0, 0.05, 0.02], (0.035, 0.06, 0.01), DARK)
        c.limb(shoulder, elbow, 0.058, 0.045, TOP, 0.96, 4)
        c.limb(elbow, hand, 0.045, 0.035, sleeve, 0.95, 4)
        c.ellipsoid(hand, (0.038, 0.05, 0.038), SKIN)


def cast_person(rng: np.random.Generator, elevation: float, *, heading: float | None = None, phase: float | None = None,
                seated: bool = False, walking: bool | None = None, umbrella: bool = False) -> Sprite:
    """Draw one random figure. `phase` is the gait phase in radians; `heading` 180 faces the camera."""
    child = rng.random() < 0.07
    h = rng.uniform(1.05, 1.45) if child else float(np.clip(rng.normal(1.69, 0.085), 1.48, 1.96))
    heading = rng.uniform(0, 360) if heading is None else heading
    phase = rng.uniform(0, 6.28) if phase is None else phase
    walk = (rng.uniform(0.5, 0.95) if (rng.random() < 0.55 if walking is None else walking) else rng.uniform(0, 0.15))
    girth = rng.normal(1, 0.09)
    size = 0.95 if child else 1.0
    lower = 0.42 * h if seated else 0.0  # a seated body is the standing one sunk by the upper legs
    e = np.radians(elevation)
    c = Caster(elevation, heading, 1.05, -0.75, (h + 0.6) * np.cos(e) + 0.85 * np.sin(e) + 0.1)

    head = np.array([rng.normal(0, 0.012), 0.928 * h - lower, 0.03 + rng.uniform(-0.01, 0.05)])
    gear = rng.choice(["none", "cap", "beanie", "brim", "hood", "helmet"], p=[0.72, 0.09, 0.06, 0.04, 0.07, 0.02])
    _draw_head(c, rng, head, size, gear)
    area = int((c.part == 1).sum())

    up = np.array([0, -lower, 0])
    cloth = _cloth(rng, TOP)
    c.limb(head + [0, -0.09, -0.02], np.array([0, 0.8 * h, 0]) + up, 0.05, 0.062, SKIN, 0.85, 3)
    wide = 0.165 * girth * (h / 1.7)
    c.ellipsoid(np.array([0, 0.745 * h, 0]) + up, (wide * 1.12, 0.105 * h, 0.115 * girth), TOP, None, cloth)
    c.ellipsoid(np.array([0, 0.805 * h, -0.005]) + up, (wide * 1.2, 0.042 * h, 0.085 * girth), TOP, None, cloth)
    c.ellipsoid(np.array([0, 0.63 * h, 0.005]) + up, (wide * 0.98, 0.12 * h, 0.118 * girth), TOP, None, cloth)
    c.ellipsoid(np.array([0, 0.53 * h, 0]) + up, (wide * 1.0, 0.075 * h, 0.12 * girth), BOTTOM if rng.random() < 0.5 else TOP)

    pose = rng.choice(["plain", "phone", "folded", "raised"], p=[0.66, 0.14, 0.14, 0.06])
    if seated:
        for side in (-1, 1):
            c.limb((side * 0.09, 0.08 * h + 0.03, 0.0), (side * 0.1, 0.09 * h, 0.42), 0.085, 0.065, BOTTOM)
            c.limb((side * 0.1, 0.09 * h, 0.42), (side * 0.1, -0.15 * h, 0.44), 0.06, 0.045, BOTTOM)
        shifted = _Shifted(c, up)
        _draw_arms(shifted, rng, h, wide, 0.1, phase, "folded" if rng.random() < 0.6 else str(pose))
    else:
        _draw_legs(c, rng, h, walk, phase)
        _draw_arms(c, rng, h, wide, walk, phase, str(pose))

    carry = rng.random()
    if carry < 0.17:
        c.ellipsoid(np.array([0, 0.70 * h, -0.18]) + up, (0.15, 0.22, 0.11), BAG)
    elif carry < 0.30 and not seated:
        side = rng.choice([-1, 1])
        c.box(np.array([side * 0.27, 0.45 * h, 0.02]), (0.05, 0.12, 0.16), BAG)
    elif carry < 0.33 and not seated:
        c.box(np.array([0.33, 0.3, -0.25]), (0.12, 0.3, 0.2), BAG)
    if umbrella:
        top = head + np.array([0.08, 0.42, 0.05])
        c.limb(head + [0.16, -0.5, 0.15], top, 0.012, 0.012, DARK, 1.0, 6)
        rays = rng.integers(6, 9)
        c.ellipsoid(top + [0, -0.14, 0], (0.52, 0.2, 0.52), UMBRELLA, None, lambda q: (
            np.full(q.shape[:-1], UMBRELLA, np.uint8),
            1 + 0.14 * np.sign(np.sin(rays * np.arctan2(q[..., 0], q[..., 2]))) - 0.3 * (q[..., 1] < 0)))
    return c.sprite(head, area, h - lower)


class _Shifted:
    """A caster seen through an offset, so that arms drawn for a standing body fit a seated one."""

    def __init__(self, caster: Caster, offset: np.ndarray):
        self._c, self._o = caster, offset

    def limb(self, start, end, *rest):
        self._c.limb(np.asarray(start) + self._o, np.asarray(end) + self._o, *rest)

    def ellipsoid(self, centre, *rest):
        self._c.ellipsoid(np.asarray(centre) + self._o, *rest)

    def box(self, centre, *rest):
        self._c.box(np.asarray(centre) + self._o, *rest)
