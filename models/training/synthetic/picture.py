"""One labelled picture: stage, light, shadows, figures in painter's order, and which heads stayed visible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from . import effects
from .backdrop import Stage, TextureBank, build_stage, heap_up, paint_stage
from .camera import Camera
from .clutter import KINDS, cast_thing, colours_for
from .outfits import Dressed, Light, wardrobe
from .people import ELEVATIONS, cast_person
from .placement import Spots, place, random_camera
from .shapes import PIXELS_PER_METRE, Sprite

# A head counts as visible when this share of it can be seen.
VISIBLE_SHARE = 0.25


class FigureBank:
    """Sprites cast once per process: (heading, sprite) by elevation bin and kind."""

    def __init__(self, seed: int, people: int = 44):
        rng = np.random.default_rng([seed, 7])
        angle = lambda: float(rng.uniform(0, 360))
        cast = lambda e, h, **k: (h, cast_person(rng, e + rng.uniform(-3, 3), heading=h, **k))
        self.standing = [[cast(e, angle()) for _ in range(people)] for e in ELEVATIONS]
        self.seated = [[cast(e, float(rng.choice([0, 180]) + rng.normal(0, 22)) % 360, seated=True) for _ in range(14)] for e in ELEVATIONS]
        self.sheltered = [[cast(e, angle(), umbrella=True) for _ in range(5)] for e in ELEVATIONS]
        self.things = {k: [[cast_thing(rng, k, e) for _ in range(2)] for e in ELEVATIONS] for k in KINDS if k not in ("desk", "chair")}
        self.furniture = {k: [{h: cast_thing(rng, k, e, h) for h in (0, 180)} for e in ELEVATIONS] for k in ("desk", "chair")}

    @staticmethod
    def bin(elevation: np.ndarray) -> np.ndarray:
        """The elevation bin nearest to each angle in degrees."""
        return np.abs(np.asarray(elevation)[..., None] - np.array(ELEVATIONS)).argmin(-1)


@dataclass
class Mood:
    """Light and weather of a scene."""

    light: Light
    night: bool
    infrared: bool
    fog_reach: float | None
    rain: bool
    shadow: float


def random_mood(rng: np.random.Generator, indoor: bool) -> Mood:
    night = rng.random() < 0.17
    infrared = night and rng.random() < 0.5
    sunny = not night and not indoor and rng.random() < 0.45
    turn, high = rng.uniform(0, 6.28), rng.uniform(0.35, 1.3)
    direction = (np.cos(turn) * np.cos(high), np.sin(high), np.sin(turn) * np.cos(high))
    if infrared:
        direction = (0.0, 0.25, -1.0)
    ambient = rng.uniform(0.35, 0.6) if sunny else rng.uniform(0.55, 0.85)
    warm = rng.uniform(-0.08, 0.1)
    sky = (1 + (warm if indoor or night else -0.05), 1.0, 1 - (warm if indoor or night else -0.06))
    light = Light(direction, rng.uniform(0.6, 1.0) if sunny else rng.uniform(0.1, 0.35), ambient, (1.0, 0.96, 0.88), sky)
    return Mood(light, night, infrared, float(rng.uniform(15, 120)) if not indoor and rng.random() < 0.12 else None,
                not indoor and rng.random() < 0.1, rng.uniform(0.35, 0.6) if sunny else rng.uniform(0.08, 0.25))


def shadow_mask(camera: Camera, x, z, height, light: Light, hard: bool) -> np.ndarray:
    """Shadows on the ground as (H, W) in 0..1: a capsule from the feet along the light, or a blot under the feet."""
    mask = Image.new("L", (camera.width, camera.height_px), 0)
    draw = ImageDraw.Draw(mask)
    lx, ly, lz = light.direction
    length = np.clip(np.asarray(height) * np.hypot(lx, lz) / max(ly, 0.2), 0.2, 4) if hard else np.full(len(x), 0.0)
    dx, dz = -lx / (np.hypot(lx, lz) + 1e-6), -lz / (np.hypot(lx, lz) + 1e-6)
    a = np.linspace(0, 2 * np.pi, 13)[:-1]
    for xi, zi, li in zip(x, z, length):
        r = 0.24 if hard else 0.34
        ahead = np.cos(a) > 0
        px = xi + r * np.cos(a) * dx - r * np.sin(a) * dz + ahead * li * dx
        pz = zi + r * np.cos(a) * dz + r * np.sin(a) * dx + ahead * li * dz
        uv, depth = camera.project(np.stack([px, np.zeros(12), pz], 1))
        if depth.min() > 0.3:
            draw.polygon([tuple(p) for p in uv], fill=255)
    return np.asarray(mask.filter(ImageFilter.GaussianBlur(1.2 if hard else 3.5)), np.float32) / 255


class Painter:
    """Pastes figures far to near and keeps book of whose head owns each pixel."""

    def __init__(self, picture: np.ndarray, camera: Camera, gain: np.ndarray, fog: tuple[float, np.ndarray] | None):
        self.picture, self.camera, self.gain, self.fog = picture, camera, gain, fog
        self.owner = np.zeros(picture.shape[:2], np.int32)
        self.heads: list[tuple[float, float, float, float]] = []

    def paste(self, dressed: Dressed, x: float, z: float, mirrored: bool, is_person: bool, tone: float = 1.0, lift: float = 0.0) -> None:
        """Draw a figure with its feet at ground (x, z) metres, `lift` metres above it."""
        s, cam = dressed.sprite, self.camera
        anchor = s.head_anchor if is_person else s.foot_anchor
        spot, depth = cam.project(np.array([[x, (s.height * 0.928 if is_person else 0.0) + lift, z]]))
        scale = cam.focal / max(depth[0], 0.5) / PIXELS_PER_METRE
        if depth[0] < 0.6 or scale > 3.2:
            return
        rgba, mask, sx, sy = dressed.at_scale(scale)
        ax, ay = anchor[0] * sx, anchor[1] * sy
        if mirrored:
            rgba, mask, ax = rgba[:, ::-1], mask[:, ::-1], rgba.shape[1] - ax
        px, py = round(spot[0, 0] - ax), round(spot[0, 1] - ay)
        h, w = self.owner.shape
        y0, y1, x0, x1 = max(0, py), min(h, py + rgba.shape[0]), max(0, px), min(w, px + rgba.shape[1])
        if y1 <= y0 or x1 <= x0:
            return
        part = rgba[y0 - py : y1 - py, x0 - px : x1 - px]
        alpha = part[..., 3:]
        fy, fx = min(max(y1 - 1, 0), h - 1), min(max(int(spot[0, 0]), 0), w - 1)
        rgb = part[..., :3] * (self.gain[fy, fx] * tone)
        if self.fog is not None:
            k = 1 - np.exp(-depth[0] / self.fog[0])
            rgb = rgb * (1 - k) + k * self.fog[1] * alpha
        region = self.picture[y0:y1, x0:x1]
        region *= 1 - alpha
        region += rgb
        owned = self.owner[y0:y1, x0:x1]
        owned[alpha[..., 0] > 0.5] = 0
        if is_person:
            full = mask > 0.45
            owned[full[y0 - py : y1 - py, x0 - px : x1 - px]] = len(self.heads) + 1
            expected = full.sum() * max(1.0, s.head_area / max(s.head.sum(), 1))
            self.heads.append((px + ax, py + ay, float(expected), float(depth[0])))

    def visible_points(self) -> list[list[float]]:
        """Head centres inside the picture of which enough can be seen."""
        seen = np.bincount(self.owner.ravel(), minlength=len(self.heads) + 1)[1:]
        h, w = self.owner.shape
        return [[round(x, 1), round(y, 1)] for (x, y, full, _), n in zip(self.heads, seen)
                if 0 <= x < w and 0 <= y < h and n >= max(1.0, VISIBLE_SHARE * full)]


def random_size(rng: np.random.Generator) -> tuple[int, int]:
    """Frame sizes of usual streams, sometimes upright."""
    w, h = [(768, 432), (1024, 576), (640, 480), (768, 576), (1024, 768), (704, 576), (640, 360), (432, 768)][
        int(rng.choice(8, p=[0.3, 0.15, 0.12, 0.13, 0.12, 0.06, 0.07, 0.05]))]
    return w, h


def crowd_size(rng: np.random.Generator) -> int:
    """How many people to try for: log-uniform, with a tail of dense crowds."""
    return int(np.exp(rng.uniform(0, np.log(160)))) if rng.random() < 0.72 else int(rng.uniform(120, 650))


def render(
    rng: np.random.Generator, textures: TextureBank, figures: FigureBank, people: int, heaped: bool = False
) -> tuple[Image.Image, list, dict]:
    """A whole picture with about `people` people, perhaps among heaps of things: image, head points, scene description."""
    camera = random_camera(rng, *random_size(rng))
    stage = build_stage(rng, textures, camera)
    if heaped:
        heap_up(rng, textures, stage)
    mood = random_mood(rng, stage.roof is not None)
    spots = place(rng, camera, stage, people)
    points, picture = compose(rng, textures, figures, camera, stage, mood, spots)
    image = effects.develop(rng, textures, picture, night=mood.night, infrared=mood.infrared)
    if mood.rain:
        image = effects.rain(rng, image)
    if rng.random() < 0.3:
        effects.caption(rng, image)
    scene = {**camera.describe(), "place": stage.kind, "heaped": heaped, "night": mood.night, "infrared": mood.infrared,
             "fogM": mood.fog_reach, "rain": mood.rain, "placed": int(len(spots.x)),
             "ground": [[round(float(x), 2), round(float(z), 2)] for x, z in zip(spots.x, spots.z)]}
    return image, points, scene


def compose(rng, textures: TextureBank, figures: FigureBank, camera: Camera, stage: Stage, mood: Mood, spots: Spots):
    """Paint the lit stage, its clutter and its people; returns visible head points and the float picture."""
    picture, depth = paint_stage(rng, textures, camera, stage)
    gain = effects.light_map(rng, camera.height_px, camera.width, mood.night, mood.infrared)
    clutter = _clutter(rng, figures, camera, stage, spots)
    lit = mood.light.ambient * 0.95 * mood.light.sky + mood.light.sun * max(mood.light.direction[1], 0.1) * mood.light.tint
    picture *= lit
    if not mood.infrared:
        everything_x = np.concatenate([spots.x, [c[1] for c in clutter]])
        everything_z = np.concatenate([spots.z, [c[2] for c in clutter]])
        mask = shadow_mask(camera, everything_x, everything_z, np.full(len(everything_x), 1.6), mood.light, mood.shadow > 0.3)
        picture *= 1 - mood.shadow * mask[..., None]
    picture *= gain[..., None]
    fog = None
    if mood.fog_reach is not None:
        fog = (mood.fog_reach, np.full(3, rng.uniform(0.45, 0.75), np.float32))
        effects.fog(picture, depth, *fog)
    painter = Painter(picture, camera, gain, fog)
    jobs = clutter + _people(rng, figures, camera, mood, spots)
    for _, x, z, make, is_person in sorted(jobs, key=lambda job: -job[0]):
        dressed, lift = make(mood.light)
        painter.paste(dressed, x, z, bool(rng.random() < 0.5) and spots.row_gap == 0, is_person, rng.uniform(0.85, 1.12), lift)
    return painter.visible_points(), picture


def _people(rng, figures: FigureBank, camera: Camera, mood: Mood, spots: Spots) -> list:
    """Paste jobs for the people; outfits are shared between several people so that big crowds stay cheap."""
    bins = figures.bin(camera.depression(spots.x, spots.z))
    sheltering = 0.3 if mood.rain else (0.25 if rng.random() < 0.03 else 0.004)
    outfits: dict[tuple, list[Dressed]] = {}
    limit = {b: max(16, int(110 * np.mean(bins == b))) for b in np.unique(bins)}
    jobs = []
    for i, (x, z, b) in enumerate(zip(spots.x, spots.z, bins)):
        kind = "seated" if spots.seated[i] else "sheltered" if rng.random() < sheltering else "standing"
        pool = outfits.setdefault((kind, int(b)), [])
        if len(pool) < limit[b]:
            choices = getattr(figures, kind)[b]
            if spots.heading is not None and rng.random() < 0.85:
                off = [abs((h - spots.heading + 180) % 360 - 180) + rng.uniform(0, 40) for h, _ in choices]
                sprite: Sprite = choices[int(np.argmin(off))][1]
            else:
                sprite = choices[int(rng.integers(len(choices)))][1]
            pool.append(Dressed(sprite, wardrobe(rng), mood.light))
        dressed = pool[int(rng.integers(len(pool)))]
        lift = 0.45 if kind == "seated" else 0.0
        jobs.append((float(np.hypot(x, z)), float(x), float(z), lambda _light, d=dressed, up=lift: (d, up), True))
    return jobs


def _clutter(rng, figures: FigureBank, camera: Camera, stage: Stage, spots: Spots) -> list:
    """Paste jobs for things: street furniture outdoors, chairs and desks in halls."""
    jobs = []

    def add(sprite: Sprite, kind: str, x: float, z: float, colours: np.ndarray):
        jobs.append((float(np.hypot(x, z)) + 0.01, x, z, lambda light: (Dressed(sprite, colours_for(kind, np.random.default_rng(1), colours), light), 0.0), False))

    if spots.row_gap:
        look = int(spots.heading or 0)
        kind, colours = ("desk" if rng.random() < 0.6 else "chair"), wardrobe(rng)
        for x, z in list(zip(spots.x, spots.z))[:140]:
            ahead = -0.45 if look == 180 else 0.45
            b = int(figures.bin(camera.depression(x, z)))
            if kind == "desk":
                add(figures.furniture["desk"][b][look], "desk", float(x), float(z) + ahead, colours)
            else:
                add(figures.furniture["chair"][b][look], "chair", float(x), float(z) + (0.05 if look == 180 else -0.05), colours)
    names = ["tree", "bush", "car", "bollard", "lamp", "sign", "balloons", "bench", "bin", "balls", "statue", "bicycle"]
    if stage.roof is not None:
        names = ["bollard", "sign", "bench", "bin", "balls", "statue"]
    for _ in range(int(rng.choice([0, rng.integers(1, 6), rng.integers(5, 22)], p=[0.3, 0.45, 0.25]))):
        kind = str(rng.choice(names))
        z = rng.uniform(3.5, 40)
        x = rng.uniform(-1, 1) * z * camera.width / 2 / camera.focal
        if not stage.free(np.array(x), np.array(z), 0.8):
            continue
        b = int(figures.bin(camera.depression(x, z, 1.0)))
        add(figures.things[kind][b][int(rng.integers(2))], kind, float(x), float(z), wardrobe(rng))
    return jobs
