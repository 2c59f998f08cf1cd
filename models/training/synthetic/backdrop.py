"""The stage: ground, walls, sky and ceiling seen through a camera, as colours and depths per pixel."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from . import textures
from .camera import Camera


class TextureBank:
    """Textures made once per process and shared by all pictures."""

    def __init__(self, seed: int):
        self._seed = seed
        rng = np.random.default_rng([seed, 11])
        self.floors = [textures.floor(rng) for _ in range(36)]
        self.facades = [textures.facade(rng) for _ in range(30)]
        self.interiors = [textures.interior(rng) for _ in range(16)]
        self.foliage = [textures.foliage(rng) for _ in range(8)]
        self.ceilings = [textures.ceiling(rng) for _ in range(4)]
        self.noise = [textures.fractal(rng, power=p) for p in (0.0, 0.0, 0.4, 1.2, 1.7, 2.0)]

    @cached_property
    def heaps(self) -> list[textures.Texture]:
        """Heaps, and things laid and set up in rows. Made when first asked for: they take half a minute, and clips have none."""
        rng = np.random.default_rng([self._seed, 12])
        rows = [make(rng) for _ in range(8) for make in (textures.cobbles, textures.seats)]
        return [textures.heap(rng) for _ in range(24)] + rows


@dataclass
class Wall:
    """A vertical plane nx*X + nz*Z = d with its texture, `top` metres high (infinite walls: 99)."""

    nx: float
    nz: float
    d: float
    texture: textures.Texture
    top: float


@dataclass
class Stage:
    """What a scene stands in. `indoor` scenes have a ceiling `ceiling` metres up."""

    kind: str
    floor: textures.Texture
    walls: list[Wall] = field(default_factory=list)
    roof: textures.Texture | None = None
    ceiling: float = 0.0

    def free(self, x: np.ndarray, z: np.ndarray, margin: float = 0.4) -> np.ndarray:
        """Which ground points are in front of every wall."""
        ok = np.ones(np.shape(x), bool)
        for w in self.walls:
            ok &= w.nx * x + w.nz * z < w.d - margin
        return ok


def build_stage(rng: np.random.Generator, bank: TextureBank, camera: Camera) -> Stage:
    """Pick a place: plaza, street, park, corridor or hall."""
    kind = str(rng.choice(["plaza", "street", "park", "corridor", "hall"], p=[0.34, 0.28, 0.12, 0.13, 0.13]))
    pick = lambda items: items[int(rng.integers(len(items)))]
    stage = Stage(kind, pick(bank.floors))
    yaw = np.radians(rng.uniform(-35, 35))
    side = lambda d, texture, top, turn: stage.walls.append(
        Wall(float(np.sin(yaw + turn)), float(np.cos(yaw + turn)), d, texture, top))
    fronts = bank.facades if kind in ("plaza", "street") else bank.interiors
    if kind in ("corridor", "hall"):
        stage.roof, stage.ceiling = pick(bank.ceilings), max(camera.height + rng.uniform(0.2, 1.5), 2.7)
        side(rng.uniform(9, 45), pick(fronts), 99, 0)
        width = rng.uniform(2.5, 7) if kind == "corridor" else rng.uniform(6, 14)
        side(width, pick(fronts), 99, np.pi / 2)
        side(width * rng.uniform(0.5, 1), pick(fronts), 99, -np.pi / 2)
    elif kind == "street":
        side(rng.uniform(35, 140), pick(fronts), rng.uniform(8, 30), 0)
        side(rng.uniform(5, 16), pick(fronts), rng.uniform(6, 30), np.pi / 2)
        side(rng.uniform(5, 16), pick(fronts), rng.uniform(6, 30), -np.pi / 2)
    elif kind == "plaza":
        side(rng.uniform(18, 90), pick(fronts), rng.uniform(5, 25), 0)
        if rng.random() < 0.5:
            side(rng.uniform(12, 40), pick(fronts), rng.uniform(5, 20), rng.choice([-1, 1]) * np.pi / 2)
    else:
        side(rng.uniform(25, 90), pick(bank.foliage), rng.uniform(2, 9), 0)
    return stage


def heap_up(rng: np.random.Generator, bank: TextureBank, stage: Stage) -> None:
    """Let the ground, a wall or both be heaps or rows of things, which pass for crowds."""
    heap = bank.heaps[int(rng.integers(len(bank.heaps)))]
    if not stage.walls or rng.random() < 0.7:
        stage.floor = heap
    for wall in stage.walls:
        if rng.random() < 0.4:
            wall.texture = heap


def paint_stage(rng: np.random.Generator, bank: TextureBank, camera: Camera, stage: Stage) -> tuple[np.ndarray, np.ndarray]:
    """Colours (H, W, 3) float32 in 0..1 (albedo, not yet lit) and depth along the optical axis (H, W)."""
    dx, dy, dz = camera.rays()
    dx, dy, dz = np.broadcast_arrays(dx, dy, dz)
    h, w = dy.shape
    t = np.full((h, w), 1e4, np.float32)
    what = np.full((h, w), -1, np.int8)
    with np.errstate(divide="ignore", invalid="ignore"):
        ground = np.where(dy < -1e-4, -camera.height / dy, 1e4)
        near = ground < t
        t[near], what[near] = ground[near], 0
        for i, wall in enumerate(stage.walls):
            s = wall.nx * dx + wall.nz * dz
            hit = np.where(s > 1e-4, wall.d / s, 1e4)
            y = camera.height + hit * dy
            near = (hit < t) & (y < wall.top) & (y > -0.01)
            t[near], what[near] = hit[near], i + 1
        if stage.roof is not None:
            hit = np.where(dy > 1e-4, (stage.ceiling - camera.height) / dy, 1e4)
            near = hit < t
            t[near], what[near] = hit[near], 100
    out = _sky(rng, bank, h, w, dy)
    broad = bank.noise[4]
    for code in np.unique(what):
        if code < 0:
            continue
        m = np.flatnonzero(what.ravel() == code)
        tm = t.ravel()[m]
        x, z = dx.ravel()[m] * tm, dz.ravel()[m] * tm
        foot = tm / camera.focal
        if code == 0:
            grazing = foot * np.sqrt(np.maximum(tm / camera.height, 1))
            rgb = stage.floor.lookup(x, z, grazing).astype(np.float32)
            ix, iz = (x * 9).astype(np.int32) & 511, (z * 9).astype(np.int32) & 511
            rgb *= (1 + 0.10 * broad[iz, ix])[:, None]
            rgb = _markings(rng, stage, x, z, rgb)
        elif code == 100:
            rgb = stage.roof.lookup(x, z, foot).astype(np.float32)
        else:
            wall = stage.walls[code - 1]
            along = -wall.nz * x + wall.nx * z
            y = camera.height + dy.ravel()[m] * tm
            rgb = wall.texture.lookup(along, y, foot).astype(np.float32)
            rgb *= (0.72 + 0.28 * np.clip(y / 2.5, 0, 1))[:, None]
        out.reshape(-1, 3)[m] = rgb / 255
    return out, t


def _markings(rng: np.random.Generator, stage: Stage, x, z, rgb):
    """Painted lines, crossings and kerbs on streets; stains anywhere."""
    if stage.kind == "street" and rng.random() < 0.6:
        yaw = rng.uniform(-0.6, 0.6)
        a, b = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
        z0, a0 = rng.uniform(5, 25), rng.uniform(-4, 4)
        if rng.random() < 0.6:
            rgb[(np.abs(b - z0) < 1.6) & (np.mod(a, 1.0) < 0.5)] = rng.uniform(170, 235)
        rgb[(np.abs(a - a0) < 0.07) & (np.mod(b, 4) < 2.5)] = rng.uniform(150, 235)
        rgb[(a > a0 + 3)] *= rng.uniform(0.75, 1.25)
    return rgb


def _sky(rng: np.random.Generator, bank: TextureBank, h: int, w: int, dy: np.ndarray) -> np.ndarray:
    """Gradient with clouds, resized from the shared noise."""
    top, low = np.array([0.45, 0.6, 0.82]) * rng.uniform(0.7, 1.15), np.array([0.8, 0.84, 0.88]) * rng.uniform(0.7, 1.15)
    if rng.random() < 0.5:
        top = np.full(3, rng.uniform(0.5, 0.9))
        low = top * rng.uniform(0.95, 1.15)
    mix = np.clip(dy * 2.2, 0, 1)[..., None]
    cloud = np.resize(bank.noise[5], (512, 512))[np.arange(h)[:, None] * 2 % 512, np.arange(w)[None, :] // 2 % 512]
    return (low + (top - low) * mix + 0.05 * cloud[..., None]).astype(np.float32)
