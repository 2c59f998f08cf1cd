"""A pinhole camera above a flat ground plane.

World axes: X right, Y up, Z forward (away from the camera), in metres; the ground is Y = 0 and the
camera stands at (0, height, 0). Image axes: u right, v down, in pixels, origin top left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """Pose and lens. Angles in degrees, `height` in metres, sizes and `focal` in pixels."""

    width: int
    height_px: int
    focal: float
    height: float
    pitch: float
    roll: float = 0.0

    @property
    def centre(self) -> tuple[float, float]:
        return (self.width - 1) / 2, (self.height_px - 1) / 2

    def axes(self) -> np.ndarray:
        """Rows: the camera's right, up and forward axes in world coordinates."""
        p, r = np.radians(self.pitch), np.radians(self.roll)
        right = np.array([1.0, 0.0, 0.0])
        up = np.array([0.0, np.cos(p), np.sin(p)])
        forward = np.array([0.0, -np.sin(p), np.cos(p)])
        return np.stack([np.cos(r) * right + np.sin(r) * up, np.cos(r) * up - np.sin(r) * right, forward])

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """World points (N, 3) to pixels (N, 2) and depth along the optical axis (N,) in metres."""
        q = (np.asarray(points, float) - [0.0, self.height, 0.0]) @ self.axes().T
        depth = np.maximum(q[:, 2], 1e-6)
        cx, cy = self.centre
        uv = np.stack([cx + self.focal * q[:, 0] / depth, cy - self.focal * q[:, 1] / depth], 1)
        return uv, q[:, 2]

    def rays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """World direction (x, y, z) of every pixel's ray, unnormalised: depth 1 m on the optical axis."""
        cx, cy = self.centre
        a = ((np.arange(self.width, dtype=np.float32) - cx) / self.focal)[None, :]
        b = ((cy - np.arange(self.height_px, dtype=np.float32)) / self.focal)[:, None]
        m = self.axes().astype(np.float32)
        return tuple(a * m[0, k] + b * m[1, k] + m[2, k] for k in range(3))

    def image_to_ground(self, level: float = 0.0) -> np.ndarray:
        """Homography (3, 3) from pixels (u, v, 1) to metres (X, Z, 1) on the plane Y = `level`."""
        m, (cx, cy), drop = self.axes(), self.centre, self.height - level
        # A ray is K^-1 (u, v, 1) in camera axes; it meets the plane after drop / -ray_y.
        to_ray = m.T @ np.array(
            [[1 / self.focal, 0, -cx / self.focal], [0, -1 / self.focal, cy / self.focal], [0, 0, 1]]
        )
        h = np.stack([to_ray[0] * drop, to_ray[2] * drop, -to_ray[1]])
        return h / h[2, 2] if abs(h[2, 2]) > 1e-9 else h

    def depression(self, x: np.ndarray, z: np.ndarray, level: float = 0.9) -> np.ndarray:
        """Degrees below horizontal under which the camera sees points (x, level, z)."""
        return np.degrees(np.arctan2(self.height - level, np.hypot(x, z)))

    def describe(self) -> dict:
        """The pose as plain numbers for scenes.jsonl."""
        return {
            "focalPx": round(self.focal, 3),
            "principalPoint": [round(c, 2) for c in self.centre],
            "cameraHeightM": round(self.height, 4),
            "pitchDeg": round(self.pitch, 4),
            "rollDeg": round(self.roll, 4),
            "imageToGround": [[float(f"{v:.9g}") for v in row] for row in self.image_to_ground()],
            "imageToHeadPlane": [[float(f"{v:.9g}") for v in row] for row in self.image_to_ground(1.6)],
        }
