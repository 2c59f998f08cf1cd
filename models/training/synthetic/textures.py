"""Tileable floor, wall and sky textures, stored as flattened mip chains for one-gather lookup."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

SIZE = 512
LEVELS = 8


def fractal(rng: np.random.Generator, size: int = SIZE, power: float = 1.6, low: float = 1.0) -> np.ndarray:
    """Tileable 1/f noise (size, size), zero mean and unit deviation; larger `power` is smoother."""
    f = np.fft.fftfreq(size) * size
    radius = np.hypot(f[:, None], f[None, :])
    radius[0, 0] = 1
    spectrum = np.fft.fft2(rng.standard_normal((size, size))) / np.maximum(radius, low) ** power
    spectrum[0, 0] = 0
    out = np.fft.ifft2(spectrum).real
    return (out / out.std()).astype(np.float32)


def paint_colour(rng: np.random.Generator, low: float, high: float) -> tuple[int, int, int]:
    """A muted 0..255 colour: towns are mostly grey, with an odd bright sign."""
    grey, hue = rng.uniform(low, high), rng.uniform(low, high, 3)
    mix = 0.9 if rng.random() < 0.1 else rng.uniform(0, 0.4)
    return tuple(int(v) for v in grey + (hue - grey) * mix)


class Texture:
    """Mip chain of a square RGB texture (float32 in 0..1) that covers `metres` metres."""

    def __init__(self, rgb: np.ndarray, metres: float):
        self.metres = metres
        image = Image.fromarray((np.clip(rgb, 0, 1) * 255).astype(np.uint8))
        parts, self.offsets, at = [], [], 0
        for level in range(LEVELS):
            small = np.asarray(image.reduce(1 << level) if level else image).reshape(-1, 3)
            parts.append(small)
            self.offsets.append(at)
            at += len(small)
        self.flat = np.concatenate(parts)
        self.offsets = np.array(self.offsets, np.int32)

    def lookup(self, s: np.ndarray, t: np.ndarray, footprint: np.ndarray) -> np.ndarray:
        """Colours (N, 3) uint8 at metres (s, t); `footprint` is the metres one pixel covers there."""
        scale = SIZE / self.metres
        level = np.clip(np.log2(np.maximum(footprint * scale, 1)), 0, LEVELS - 1).astype(np.int32)
        x = np.floor(s * scale).astype(np.int32) & (SIZE - 1)
        y = np.floor(t * scale).astype(np.int32) & (SIZE - 1)
        return self.flat[self.offsets[level] + (y >> level) * (SIZE >> level) + (x >> level)]


def cells(rng: np.random.Generator, nx: int, ny: int, joint: int, jitter: float, brick: bool) -> np.ndarray:
    """Brightness of a grid of slabs with joints."""
    cw, ch = SIZE // nx, SIZE // ny
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    row = y // ch
    xs = (x + (row % 2) * (cw // 2 if brick else 0)) % SIZE
    tone = 1 + jitter * rng.standard_normal((ny + 1, nx + 1))
    out = tone[np.minimum(row, ny), np.minimum(xs // cw, nx)]
    out[(xs % cw < joint) | (y % ch < joint)] *= rng.uniform(0.6, 0.85)
    return out.astype(np.float32)


def floor(rng: np.random.Generator) -> Texture:
    """A random ground: asphalt, slabs, brick, grass, sand, carpet, boards or polished stone."""
    kind = rng.choice(["asphalt", "slabs", "brick", "grass", "earth", "carpet", "boards", "stone"], p=[0.26, 0.26, 0.12, 0.09, 0.06, 0.07, 0.05, 0.09])
    fine, broad = fractal(rng, power=0.5), fractal(rng, power=1.7)
    grey = np.full(3, rng.uniform(0.22, 0.72)) * rng.uniform(0.92, 1.08, 3)
    tone, metres = 1 + 0.05 * fine + 0.06 * broad, rng.uniform(5, 9)
    if kind == "slabs":
        n = int(2 ** rng.integers(2, 6))
        tone = tone * cells(rng, n, n * int(rng.choice([1, 2])), 3, rng.uniform(0.02, 0.1), rng.random() < 0.4)
    elif kind == "brick":
        grey = np.array([0.55, 0.36, 0.29]) * rng.uniform(0.6, 1.2)
        tone, metres = tone * cells(rng, 16, 32, 3, 0.1, True), rng.uniform(2.5, 5)
    elif kind == "grass":
        grey = np.array([0.26, 0.36, 0.13]) * rng.uniform(0.6, 1.3)
        tone = 1 + 0.2 * fine + 0.14 * broad
    elif kind == "earth":
        grey = np.array([0.55, 0.45, 0.33]) * rng.uniform(0.7, 1.2)
        tone = 1 + 0.1 * fine + 0.12 * broad
    elif kind == "carpet":
        grey = np.full(3, rng.uniform(0.15, 0.5)) + rng.normal(0, 0.05, 3)
        spots = np.sin(np.mgrid[0:SIZE, 0:SIZE][0] * 2 * np.pi * 8 / SIZE) * np.sin(np.mgrid[0:SIZE, 0:SIZE][1] * 2 * np.pi * 8 / SIZE)
        tone = tone * np.where(spots > rng.uniform(0.5, 1.5), rng.uniform(0.4, 1.7), 1)
    elif kind == "boards":
        grey = np.array([0.55, 0.38, 0.22]) * rng.uniform(0.6, 1.3)
        tone = tone * cells(rng, 2, 32, 2, 0.08, True)
    elif kind == "stone":
        tone = (1 + 0.02 * fine + 0.05 * np.abs(broad)) * cells(rng, 8, 8, 2, 0.02, False)
    if kind == "asphalt" and rng.random() < 0.5:  # cracks and patches
        tone = tone * np.where(np.abs(fractal(rng, power=1.9)) < 0.015, 0.6, 1)
    return Texture(tone[..., None] * grey, metres)


def facade(rng: np.random.Generator) -> Texture:
    """A building front: wall colour, a grid of windows, doors, signs and shop fronts; 10 to 16 m a side."""
    wall = np.array([rng.uniform(0.3, 0.85)] * 3) * rng.uniform(0.82, 1.1, 3)
    tone = 1 + 0.03 * fractal(rng, power=0.5) + 0.06 * fractal(rng, power=1.8)
    if rng.random() < 0.4:
        tone = tone * cells(rng, 32, 64, 2, 0.06, True)
        wall = wall * [1.0, 0.8, 0.7]
    image = Image.fromarray((np.clip(tone[..., None] * wall, 0, 1) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    nx, ny = int(rng.integers(2, 9)), int(rng.integers(2, 6))
    cw, ch = SIZE / nx, SIZE * 0.7 / ny
    ww, wh = cw * rng.uniform(0.3, 0.8), ch * rng.uniform(0.4, 0.8)
    frame = paint_colour(rng, 40, 240)
    arched = rng.random() < 0.2
    for j in range(ny):
        for i in range(nx):
            x, y = (i + 0.5) * cw - ww / 2, j * ch + (ch - wh) / 2
            lit = rng.random() < 0.12
            glass = tuple(int(v) for v in (rng.uniform(150, 250, 3) if lit else rng.uniform(15, 110) * rng.uniform(0.85, 1.2, 3)))
            if arched:
                draw.ellipse([x, y - ww / 2, x + ww, y + ww / 2], fill=glass)
            draw.rectangle([x, y, x + ww, y + wh], fill=glass, outline=frame, width=2)
            draw.line([x + ww / 2, y, x + ww / 2, y + wh], fill=frame, width=1)
    y, x = SIZE * 0.7, 0.0
    while x < SIZE:  # the ground floor: shop windows with round and blobby goods that can pass for heads
        w = rng.uniform(50, 150)
        draw.rectangle([x, y, x + w - 6, y + 26], fill=paint_colour(rng, 20, 245))
        draw.rectangle([x, y + 28, x + w - 6, SIZE], fill=paint_colour(rng, 15, 110))
        for _ in range(int(rng.integers(0, 14))):
            px, py, r = x + rng.uniform(4, w - 10), y + rng.uniform(34, 145), rng.uniform(2, 8)
            draw.ellipse([px - r, py - r, px + r, py + r * 1.2], fill=paint_colour(rng, 10, 250))
        for k in range(int(rng.integers(0, 9))):
            draw.line([x + 6 + k * 7, y + 8, x + 9 + k * 7, y + 18], fill=(240, 240, 235), width=2)
        x += w
    return Texture(np.asarray(image, np.float32)[::-1] / 255, rng.uniform(9, 16))


def interior(rng: np.random.Generator) -> Texture:
    """An inside wall: paint or panels with posters, doors and clocks; about 8 m a side."""
    wall = np.array([rng.uniform(0.45, 0.9)] * 3) * rng.uniform(0.88, 1.06, 3)
    tone = 1 + 0.02 * fractal(rng, power=0.6) + 0.03 * fractal(rng, power=1.8)
    if rng.random() < 0.5:
        tone = tone * cells(rng, int(rng.integers(2, 16)), int(rng.integers(1, 8)), 3, 0.02, False)
    image = Image.fromarray((np.clip(tone[..., None] * wall, 0, 1) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 9))):
        x, y, w, h = rng.uniform(0, SIZE), rng.uniform(100, 400), rng.uniform(20, 120), rng.uniform(20, 90)
        colour = paint_colour(rng, 10, 250)
        if rng.random() < 0.3:
            draw.ellipse([x, y, x + w * 0.4, y + w * 0.4], fill=colour, outline=(30, 30, 30))
        else:
            draw.rectangle([x, y, x + w, y + h], fill=colour, outline=(60, 60, 60))
            for _ in range(int(rng.integers(0, 10))):
                px, py, r = x + rng.uniform(0, w), y + rng.uniform(0, h), rng.uniform(2, 7)
                draw.ellipse([px - r, py - r, px + r, py + r], fill=paint_colour(rng, 10, 250))
    for x in rng.uniform(0, SIZE - 70, int(rng.integers(0, 3))):
        draw.rectangle([x, SIZE - 140, x + 62, SIZE], fill=paint_colour(rng, 40, 160), outline=(30, 30, 30), width=3)
    return Texture(np.asarray(image, np.float32)[::-1] / 255, 8.0)


def foliage(rng: np.random.Generator) -> Texture:
    """A hedge or tree line: clumped leaves, bright and dark blobs."""
    a, b = fractal(rng, power=0.9), fractal(rng, power=1.5)
    green = np.array([0.15, 0.24, 0.08]) * rng.uniform(0.6, 1.6) * rng.uniform(0.85, 1.15, 3)
    return Texture((1 + 0.35 * a + 0.35 * b).clip(0.1, 3)[..., None] * green, rng.uniform(4, 9))


@dataclass(frozen=True)
class Lumps:
    """What a heap is made of: colour 0..1 (None: any), how sizes, brightness and hue vary, how boxy and how flat the lumps are."""

    colour: tuple[float, float, float] | None
    sizes: float
    brightness: float
    hue: float
    boxy: float = 2.0
    height: float = 1.0


HEAPS = (
    Lumps((0.8, 0.83, 0.88), 0.45, 0.04, 0.016, height=0.6),  # snow
    Lumps((0.45, 0.44, 0.42), 0.35, 0.15, 0.06),  # stones
    Lumps((0.42, 0.37, 0.32), 0.5, 0.25, 0.1, boxy=6.0),  # rubble
    Lumps((0.5, 0.3, 0.1), 0.2, 0.25, 0.25, boxy=1.6, height=0.25),  # dead leaves
    Lumps((0.2, 0.32, 0.1), 0.2, 0.25, 0.25, boxy=1.6, height=0.25),  # leaves
    Lumps(None, 0.08, 0.12, 0.12),  # fruit, balls
)


# Setts and cobbles: laid close, each a little domed.
COBBLES = (
    Lumps((0.5, 0.49, 0.47), 0.06, 0.12, 0.02, boxy=4.0, height=1.6),  # granite
    Lumps((0.55, 0.4, 0.32), 0.04, 0.12, 0.04, boxy=8.0, height=2.0),  # clinker
    Lumps((0.6, 0.57, 0.51), 0.15, 0.15, 0.04, height=1.2),  # river stones
)


def _lit_lumps(
    rng: np.random.Generator, lumps: Lumps, size: float, places: np.ndarray, longest: float = 1.8, turned: float = np.pi,
    lifted: float = 1.5,
) -> np.ndarray:
    """RGB (SIZE, SIZE, 3) of lumps about `size` px wide at `places` (n, 2), all lit from one side. The highest hides what lies under it."""
    base = np.array(lumps.colour or rng.uniform(0.1, 0.8, 3))
    side = rng.uniform(0, 2 * np.pi)
    light = np.array([np.cos(side), np.sin(side), rng.uniform(0.6, 1.6)])
    light /= np.linalg.norm(light)
    height = np.full((SIZE, SIZE), -1e3, np.float32)
    rgb = np.tile((base * 0.25).astype(np.float32), (SIZE, SIZE, 1))
    for at in places:
        radius, long, turn = size * float(np.exp(rng.normal(0, lumps.sizes))) / 2, rng.uniform(1, longest), rng.uniform(0, turned)
        reach = min(int(radius * long) + 1, SIZE // 2 - 1)
        v, u = np.mgrid[-reach : reach + 1, -reach : reach + 1] / radius
        a, b = (u * np.cos(turn) + v * np.sin(turn)) / long, v * np.cos(turn) - u * np.sin(turn)
        inside = 1 - np.abs(a) ** lumps.boxy - np.abs(b) ** lumps.boxy
        up = np.sqrt(np.maximum(inside, 0)) * lumps.height
        shade = 0.3 + 0.8 * np.clip(light[0] * u + light[1] * v + light[2] * up, 0, None)
        colour = base * (1 + lumps.hue * rng.standard_normal(3) + lumps.brightness * rng.standard_normal())
        top = (up + rng.uniform(0, lifted)) * radius
        around = np.arange(-reach, reach + 1)
        place = np.ix_((around + int(at[0])) % SIZE, (around + int(at[1])) % SIZE)
        over = (inside > 0) & (top > height[place])
        height[place] = np.where(over, top, height[place])
        rgb[place] = np.where(over[..., None], shade[..., None] * np.clip(colour, 0.02, 1), rgb[place])
    return rgb


def heap(rng: np.random.Generator) -> Texture:
    """Heaped lumps, each lit like a head and somewhere in the picture of a head's size."""
    lumps = HEAPS[int(rng.integers(len(HEAPS)))]
    size = float(np.exp(rng.uniform(np.log(7), np.log(28))))
    places = rng.integers(SIZE, size=(int(min(2.2 * SIZE * SIZE / size**2, 9000)), 2))
    return Texture(_lit_lumps(rng, lumps, size, places), rng.uniform(3, 20))


def cobbles(rng: np.random.Generator) -> Texture:
    """Stones laid in rows or arcs, lit from one side."""
    lumps = COBBLES[int(rng.integers(len(COBBLES)))]
    across = int(rng.integers(9, 40))
    pitch = SIZE / across
    row, column = np.mgrid[0 : across + across % 2, 0:across]
    arc = rng.choice([0.0, 0.5, 1.0]) * pitch * np.sin(column / across * 2 * np.pi * int(rng.integers(1, 4)))
    rows = row * (SIZE / len(row)) + arc
    columns = (column + 0.5 * (row % 2)) * pitch
    places = np.stack([rows, columns], -1).reshape(-1, 2) + rng.normal(0, 0.05 * pitch, (row.size, 2))
    rgb = _lit_lumps(rng, lumps, pitch * rng.uniform(0.85, 1.0), places, longest=1.1, turned=0.2, lifted=0.05)
    return Texture(rgb * rng.uniform(0.6, 1.6), across * rng.uniform(0.08, 0.6))


def seats(rng: np.random.Generator) -> Texture:
    """Rows of empty seats as one sees them from the pitch or the stage: backs, pans and the gaps between."""
    across = int(rng.integers(10, 44))
    pitch = SIZE / across
    rise = SIZE / max(4, round(across / rng.uniform(0.8, 1.6)))
    plain, other = np.array(paint_colour(rng, 15, 235)), np.array(paint_colour(rng, 15, 235))
    ground = paint_colour(rng, 40, 170)
    image = Image.new("RGB", (2 * SIZE, 2 * SIZE), ground)
    draw = ImageDraw.Draw(image)
    wide, round_off = pitch * rng.uniform(0.7, 0.95), rng.uniform(0.1, 0.5)
    up, odd, aisle = rng.random() < 0.5, rng.uniform(0, 0.15), int(rng.integers(6, 60))

    def tone(colour: np.ndarray, share: float) -> tuple[int, ...]:
        return tuple(int(v) for v in np.clip(colour * share, 0, 255))

    for j in range(round(SIZE / rise)):
        for i in range(across):
            if (i + 1) % aisle == 0:
                continue
            colour = (other if rng.random() < odd else plain) * rng.normal(1, 0.05)
            x, y = 2 * (i * pitch + (pitch - wide) / 2), 2 * j * rise
            w, h = 2 * wide, 2 * rise
            if not up:
                draw.ellipse([x, y + 0.5 * h, x + w, y + 0.95 * h], fill=tone(colour, 0.6))
            back = [x, y + 0.06 * h, x + w, y + 0.66 * h]
            draw.rounded_rectangle(back, radius=round_off * w, fill=tone(colour, 0.85), outline=tone(colour, 0.45))
            draw.line([x + round_off * w, back[1] + 2, x + w - round_off * w, back[1] + 2], fill=tone(colour, 1.3), width=2)
            if up:
                draw.ellipse([x + 0.12 * w, y + 0.3 * h, x + 0.88 * w, y + 0.85 * h], fill=tone(colour, 0.7))
    small = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS), np.float32)[::-1]
    return Texture(small / 255 * (1 + 0.04 * fractal(rng, power=1.2))[..., None], across * rng.uniform(0.35, 0.7))


def ceiling(rng: np.random.Generator) -> Texture:
    """Tiles with lamps."""
    tone = cells(rng, 8, 8, 2, 0.02, False) * rng.uniform(0.4, 0.85)
    tone[0:64, 192:256] = tone[256:320, 192:256] = 1.0
    return Texture(np.repeat(tone[..., None], 3, 2), 9.0)
