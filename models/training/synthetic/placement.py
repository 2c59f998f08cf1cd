"""Where people stand: random cameras, and ground positions in groups, masses, queues, flows and rows of seats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .backdrop import Stage
from .camera import Camera

HEAD_DIAMETER_M = 0.23


@dataclass
class Spots:
    """Ground positions in metres, who sits, and a preferred heading in degrees (None: everyone as he likes)."""

    x: np.ndarray
    z: np.ndarray
    seated: np.ndarray
    heading: float | None = None
    row_gap: float = 0.0


def random_camera(rng: np.random.Generator, width: int, height: int) -> Camera:
    """CCTV on a pole or wall mostly; sometimes a photographer's eye level, sometimes a roof or steep view."""
    kind = rng.random()
    fov = rng.uniform(38, 82)
    if kind < 0.5:
        high, pitch = rng.uniform(2.8, 7), rng.uniform(12, 38)
    elif kind < 0.68:
        high, pitch = rng.uniform(6, 18), rng.uniform(18, 50)
    elif kind < 0.8:
        high, pitch = rng.uniform(1.9, 4), rng.uniform(3, 15)
    else:
        high, pitch = rng.uniform(2.8, 7), rng.uniform(40, 70)
    focal = width / 2 / np.tan(np.radians(fov / 2))
    return Camera(width, height, float(focal), float(high), float(pitch), float(rng.normal(0, 1.2)))


def reach(camera: Camera, smallest_head_px: float) -> tuple[float, float]:
    """Nearest and farthest ground distance in metres at which a person is in view and large enough."""
    bottom = np.radians(camera.pitch) + np.arctan(camera.height_px / 2 / camera.focal)
    near = (camera.height - 1.6) / np.tan(min(bottom, 1.55)) if camera.height > 1.7 else 0.9
    top = np.radians(camera.pitch) - np.arctan(camera.height_px / 2 / camera.focal)
    far = HEAD_DIAMETER_M * camera.focal / smallest_head_px
    if top > 0.02:
        far = min(far, camera.height / np.tan(top))
    return max(near, 0.9), max(far, near + 3)


def _uniform(rng, camera: Camera, near: float, far: float, n: int):
    """Points uniform over the visible ground."""
    z = np.sqrt(rng.uniform(near * near, far * far, n))
    half = camera.width / 2 / camera.focal * 1.06
    return rng.uniform(-1, 1, n) * half * np.maximum(z, 1.5) * 1.05, z


def _apart(rng, x, z, gap: float):
    """Indices of points that keep about `gap` metres: one a cell, over two shifted grids."""
    keep = np.arange(len(x))
    for shift in (0.0, 0.5):
        cell = np.floor(x[keep] / gap + shift).astype(np.int64) * 1_000_003 + np.floor(z[keep] / gap + shift).astype(np.int64)
        _, first = np.unique(cell, return_index=True)
        keep = keep[np.sort(first)]
    return keep


def place(rng: np.random.Generator, camera: Camera, stage: Stage, wanted: int) -> Spots:
    """About `wanted` people in one of the usual arrangements."""
    near, far = reach(camera, rng.uniform(3.2, 6.5))
    if wanted == 0:
        return Spots(np.zeros(0), np.zeros(0), np.zeros(0, bool))
    if stage.kind == "hall" and rng.random() < 0.7:
        return _seats(rng, camera, stage, near, min(far, 30), wanted)
    style = rng.choice(["even", "groups", "mass", "queue", "flow"], p=[0.25, 0.25, 0.28, 0.07, 0.15])
    if style in ("even", "flow"):
        x, z = _uniform(rng, camera, near, far, wanted * 2)
        if style == "flow":
            a = rng.uniform(-1.2, 1.2)
            offset = x * np.cos(a) + (z - (near + far) / 2) * np.sin(a)
            keep = np.abs(offset) < rng.uniform(2, 6)
            x, z = x[keep], z[keep]
    elif style == "groups":
        gx, gz = _uniform(rng, camera, near, far, max(1, wanted // 4))
        pick = rng.integers(0, len(gx), wanted * 2)
        spread = rng.uniform(0.4, 2.2, len(gx))[pick]
        x, z = gx[pick] + rng.normal(0, 1, len(pick)) * spread, gz[pick] + rng.normal(0, 1, len(pick)) * spread
    elif style == "mass":
        density = rng.uniform(0.8, 5.0)
        cx, cz = _uniform(rng, camera, near, near + (far - near) * rng.uniform(0.2, 1), 1)
        radius = np.sqrt(wanted / density / np.pi)
        r, a = radius * np.sqrt(rng.uniform(0, 1, wanted * 2)), rng.uniform(0, 6.28, wanted * 2)
        stretch = rng.uniform(0.6, 1.6)
        x, z = cx[0] + r * np.cos(a) * stretch, np.maximum(cz[0], near + radius * 0.5) + r * np.sin(a) / stretch
    else:
        a, step = rng.uniform(0, 6.28), rng.uniform(0.5, 1.1)
        cx, cz = _uniform(rng, camera, near, far, 1)
        s = (np.arange(wanted) - wanted / 2) * step
        bend = np.sin(s / rng.uniform(4, 15)) * rng.uniform(0, 3)
        x = cx[0] + s * np.cos(a) - bend * np.sin(a) + rng.normal(0, 0.15, wanted)
        z = cz[0] + s * np.sin(a) + bend * np.cos(a) + rng.normal(0, 0.15, wanted)
    ok = (z > near * 0.9) & (z < far) & stage.free(x, z)
    x, z = x[ok], z[ok]
    keep = _apart(rng, x, z, rng.uniform(0.34, 0.5))[:]
    keep = rng.permutation(keep)[:wanted]
    seated = rng.random(len(keep)) < (0.06 if rng.random() < 0.2 else 0.0)
    heading = rng.uniform(0, 360) if style in ("flow", "queue") or (style == "mass" and rng.random() < 0.6) else None
    return Spots(x[keep], z[keep], seated, heading)


def _seats(rng, camera: Camera, stage: Stage, near: float, far: float, wanted: int) -> Spots:
    """Rows of seats, partly taken; everyone looks to the front, which is towards or away from the camera."""
    gap, seat = rng.uniform(0.8, 1.4), rng.uniform(0.5, 0.75)
    rows = np.arange(max(near * 1.05, 1.6), far, gap)
    columns = np.arange(-12, 12, seat)
    x, z = np.meshgrid(columns, rows)
    aisle = rng.uniform(-3, 3)
    x = np.where(x > aisle, x + 0.9, x).ravel() + rng.normal(0, 0.03, x.size)
    z = z.ravel() + rng.normal(0, 0.04, z.size)
    half = camera.width / 2 / camera.focal
    ok = stage.free(x, z) & (np.abs(x) < half * z * 1.1)
    x, z = x[ok], z[ok]
    keep = np.sort(rng.permutation(len(x))[:wanted])
    heading = 180.0 if rng.random() < 0.65 else 0.0
    return Spots(x[keep], z[keep], rng.random(len(keep)) < 0.95, heading, gap)
