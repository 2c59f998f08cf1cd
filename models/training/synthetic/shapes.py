"""A tiny orthographic ray caster for ellipsoids and boxes: figures and street furniture become sprites.

A sprite keeps surface normals and material numbers instead of colours, so that one figure can be dressed
and lit anew in every picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

PIXELS_PER_METRE = 104
Paint = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def view_axes(elevation: float) -> np.ndarray:
    """Rows: right, up and towards-the-viewer of a camera that looks down by `elevation` degrees."""
    e = np.radians(elevation)
    return np.array([[1, 0, 0], [0, np.cos(e), np.sin(e)], [0, np.sin(e), -np.cos(e)]])


def turn(angle: float) -> np.ndarray:
    """Rotation about the vertical axis, degrees; 180 turns the front (+Z) to the camera."""
    a = np.radians(angle)
    return np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])


def axis_frame(direction: np.ndarray) -> np.ndarray:
    """Columns: an orthonormal frame whose second axis points along `direction`."""
    y = np.asarray(direction, float)
    length = np.linalg.norm(y)
    if length < 1e-6:
        return np.eye(3)
    y = y / length
    x = np.cross(y, [0.0, 0.0, 1.0] if abs(y[2]) < 0.9 else [1.0, 0.0, 0.0])
    x /= np.linalg.norm(x)
    return np.stack([x, y, np.cross(x, y)], 1)


@dataclass
class Sprite:
    """A cast figure. Anchors are (x, y) pixels in the sprite; `head_area` counts the unhidden head's pixels."""

    material: np.ndarray
    normal: np.ndarray
    albedo: np.ndarray
    head: np.ndarray
    foot_anchor: tuple[float, float]
    head_anchor: tuple[float, float]
    head_area: int
    elevation: float
    height: float


class Caster:
    """Depth-buffered drawing surface over `width` by (`low`..`high`) metres of the view plane."""

    def __init__(self, elevation: float, heading: float, half_width: float, low: float, high: float):
        self.ppm = PIXELS_PER_METRE
        self.elevation = elevation
        self.view = view_axes(elevation) @ turn(heading)
        self.w, self.h = int(2 * half_width * self.ppm) + 2, int((high - low) * self.ppm) + 2
        self.ox, self.oy = half_width * self.ppm, high * self.ppm
        self.depth = np.full((self.h, self.w), -1e9, np.float32)
        self.material = np.zeros((self.h, self.w), np.uint8)
        self.normal = np.zeros((self.h, self.w, 3), np.float32)
        self.albedo = np.ones((self.h, self.w), np.float32)
        self.part = np.zeros((self.h, self.w), np.uint8)

    def at(self, point) -> tuple[float, float]:
        """Sprite pixel of a body point in metres."""
        x, y, _ = self.view @ np.asarray(point, float)
        return self.ox + x * self.ppm, self.oy - y * self.ppm

    def _window(self, centre: np.ndarray, reach: np.ndarray):
        cx, cy = self.ox + centre[0] * self.ppm, self.oy - centre[1] * self.ppm
        rx, ry = reach * self.ppm
        x0, x1 = max(0, int(cx - rx)), min(self.w, int(cx + rx) + 2)
        y0, y1 = max(0, int(cy - ry)), min(self.h, int(cy + ry) + 2)
        if x1 <= x0 or y1 <= y0:
            return None
        dx = ((np.arange(x0, x1) + 0.5 - self.ox) / self.ppm - centre[0])[None, :]
        dy = ((self.oy - np.arange(y0, y1) - 0.5) / self.ppm - centre[1])[:, None]
        return slice(y0, y1), slice(x0, x1), dx, dy

    def _write(self, rows, cols, z, hit, normal, material, albedo, part):
        hit &= z > self.depth[rows, cols]
        self.depth[rows, cols][hit] = z[hit]
        self.material[rows, cols][hit] = material[hit] if isinstance(material, np.ndarray) else material
        self.normal[rows, cols][hit] = normal[hit]
        self.albedo[rows, cols][hit] = albedo[hit] if isinstance(albedo, np.ndarray) else albedo
        self.part[rows, cols][hit] = part

    def ellipsoid(self, centre, radii, material: int, frame=None, paint: Paint | None = None, albedo=1.0, part=0):
        """Cast one ellipsoid; `paint` maps local unit coordinates (..., 3) to (material, albedo)."""
        local = np.eye(3) if frame is None else frame
        a = np.diag(1 / np.asarray(radii, float)) @ local.T @ self.view.T
        inverse = np.linalg.inv(a)
        c = self.view @ np.asarray(centre, float)
        window = self._window(c, np.linalg.norm(inverse[:2], axis=1))
        if window is None:
            return
        rows, cols, dx, dy = window
        m = a.T @ a
        b = m[0, 2] * dx + m[1, 2] * dy
        k = m[0, 0] * dx * dx + 2 * m[0, 1] * dx * dy + m[1, 1] * dy * dy - 1
        disc = b * b - m[2, 2] * k
        hit = disc > 0
        z = (-b + np.sqrt(np.maximum(disc, 0))) / m[2, 2]
        d = np.stack(np.broadcast_arrays(dx, dy, z), -1)
        n = d @ m
        n /= np.linalg.norm(n, axis=-1, keepdims=True) + 1e-9
        mat, alb = (material, albedo) if paint is None else paint(d @ a.T)
        self._write(rows, cols, z + c[2], hit, n, mat, alb, part)

    def limb(self, start, end, r0: float, r1: float, material: int, albedo=1.0, steps: int = 5, part=0):
        """A tapered capsule as a chain of overlapping ellipsoids."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        frame = axis_frame(end - start)
        half = np.linalg.norm(end - start) / steps * 1.6  # long overlaps hide the joints
        for i in range(steps):
            t = (i + 0.5) / steps
            r = r0 + (r1 - r0) * t
            self.ellipsoid(start + (end - start) * t, (r, max(r, half), r), material, frame, None, albedo, part)

    def box(self, centre, half, material: int, frame=None, paint: Paint | None = None, albedo=1.0, part=0):
        """Cast one box with half extents `half` in metres."""
        local = np.eye(3) if frame is None else frame
        a = local.T @ self.view.T
        half = np.asarray(half, float)
        c = self.view @ np.asarray(centre, float)
        window = self._window(c, np.abs(a.T[:2]) @ half)
        if window is None:
            return
        rows, cols, dx, dy = window
        o = dx[..., None] * a[:, 0] + dy[..., None] * a[:, 1]
        direction = np.where(np.abs(a[:, 2]) < 1e-6, 1e-6, a[:, 2])
        t1, t2 = (-half - o) / direction, (half - o) / direction
        far, near = np.maximum(t1, t2), np.minimum(t1, t2)
        z, face = far.min(-1), far.argmin(-1)
        hit = z > near.max(-1)
        n = (a.T * np.sign(direction)).T[face]
        mat, alb = (material, albedo) if paint is None else paint((o + z[..., None] * direction) / half)
        self._write(rows, cols, z + c[2], hit, n, mat, alb, part)

    def sprite(self, head_centre, head_area: int, height: float) -> Sprite:
        """Crop to what was drawn and freeze."""
        rows = np.flatnonzero(self.material.any(1))
        cols = np.flatnonzero(self.material.any(0))
        y0, y1, x0, x1 = rows[0], rows[-1] + 1, cols[0], cols[-1] + 1
        fx, fy = self.at((0, 0, 0))
        hx, hy = self.at(head_centre)
        crop = (slice(y0, y1), slice(x0, x1))
        return Sprite(
            material=self.material[crop].copy(),
            normal=self.normal[crop].astype(np.float16),
            albedo=np.clip(self.albedo[crop] * 128, 0, 255).astype(np.uint8),
            head=(self.part[crop] == 1),
            foot_anchor=(fx - x0, fy - y0),
            head_anchor=(hx - x0, hy - y0),
            head_area=head_area,
            elevation=self.elevation,
            height=height,
        )
