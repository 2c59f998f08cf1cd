"""Where people stand: each gathered out of the density map as one person, so that places and count agree.

The same as the server's `services/worker/model/heads.ts`; golden vectors hold them together.
"""

import numpy as np

from .density import MAP_DOWNSCALE, PEAK_TO_PEOPLE

# How far around a peak its person is looked for, cells of the map: first near by, then for those who are spread wider.
REACHES = (4, 6)
FARTHEST = 6
# Peaks below this are never looked at, people a cell: the noise of empty places.
LEAST_PEAK = 0.008
MOST_LOOKS = 20
# Half a person is a head. On held-out pictures 0.4 to 0.5 were equally good and 0.6 was not.
LEAST_PEOPLE = 0.5

_OFFSETS = np.arange(-FARTHEST, FARTHEST + 1)
# Ring of each cell around a peak: a disc is dx^2 + dy^2 <= radius^2 + 1.
_RING = np.ceil(np.sqrt(np.maximum(0, _OFFSETS[:, None] ** 2 + _OFFSETS[None] ** 2 - 1)))
_RING[np.abs(_OFFSETS[:, None]) + np.abs(_OFFSETS[None]) == 1] = 1


def _peaks(people: np.ndarray) -> list[tuple[int, int]]:
    """Cells (y, x) that none beside exceeds, highest first. The outermost rows and columns hold nobody."""
    high, wide = people.shape
    around = [people[dy : high - 2 + dy, dx : wide - 2 + dx] for dy in range(3) for dx in range(3)]
    inner = people[1:-1, 1:-1]
    y, x = np.nonzero((inner > LEAST_PEAK) & (inner >= np.max(around, axis=0)))
    order = np.argsort(-inner[y, x], kind="stable")
    return list(zip(y[order] + 1, x[order] + 1, strict=True))


def gather_heads(density: np.ndarray, least: float = LEAST_PEOPLE) -> np.ndarray:
    """Map [h,w] (a head's peak being 1) -> heads [n,3]: x, y in cells from the top left corner, and people there, at most 1.

    From the highest peaks on: ring by ring around a peak, of the last ring a
    share, until it is one person, who stands where the centre of mass is; what
    is left is looked at again, until no peak has `least` of a person around it.
    """
    people = np.pad(np.maximum(density.astype(np.float64), 0) * PEAK_TO_PEOPLE, FARTHEST)
    found: list[tuple[float, float, float]] = []
    for reach in REACHES:
        for _ in range(MOST_LOOKS):
            before = len(found)
            for y, x in _peaks(people):
                around = people[y - FARTHEST : y + FARTHEST + 1, x - FARTHEST : x + FARTHEST + 1]
                taken, mass = np.zeros_like(around), 0.0
                for radius in range(reach + 1):
                    ring = np.where(_RING == radius, around, 0)
                    here = ring.sum()
                    share = min(1.0, (1 - mass) / here) if here else 1.0
                    taken += share * ring
                    mass += share * here
                    if mass >= 1:
                        break
                if mass < least:
                    continue
                right = (taken.sum(axis=0) * _OFFSETS).sum() / mass
                down = (taken.sum(axis=1) * _OFFSETS).sum() / mass
                around -= taken
                found.append((x + right - FARTHEST + 0.5, y + down - FARTHEST + 0.5, mass))
            if len(found) == before:
                break
    return np.array(found).reshape(-1, 3)


def heads_in_map(density: np.ndarray) -> np.ndarray:
    """Map [h,w] -> points [n,2] (x,y in picture pixels)."""
    return gather_heads(density)[:, :2] * MAP_DOWNSCALE
