"""Imitated previous frames: what the last frame's map may have looked like.

A warm start begins from the previous map. Trained on true maps alone the net
copies it and people vanish within seconds; so the imitation moves heads,
loses many and invents some.
"""

import numpy as np


def previous_points(points: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Heads of this frame [n,2] -> heads as a poor estimate one frame earlier, in pixels of the same crop."""
    kept = points[random.random(len(points)) >= random.uniform(0.0, 0.6)]
    kept = kept + random.normal(0, random.uniform(1, 3), kept.shape)
    false = random.uniform(0, size, (random.poisson(1.5), 2))
    moved = np.concatenate([kept.reshape(-1, 2), false])
    return moved[((moved >= 0) & (moved < size)).all(axis=1)].astype(np.float32)
