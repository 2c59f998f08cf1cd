"""Pictures under light of one colour, as the server treats them (services/worker/model/coloured-light.ts): grey, each channel by its own light."""

import numpy as np

# Brightest channel over the darkest: from here on the colour is taken out, fully at the upper end.
CAST_FROM, CAST_FULLY = 2.5, 3.5
# Of 255. Keeps a dark picture's noise from passing for colour.
FLOOR = 4
# Every so many pixels tell the colour of the light.
LOOKED_AT = 7


def mix_light(pixels: np.ndarray) -> np.ndarray:
    """Mix uint8 [H,W,3] with its grey, so far as its light is of one colour; nearly always the picture as it is."""
    means = pixels.reshape(-1, 3)[::LOOKED_AT].mean(axis=0)
    cast = (means.max() + FLOOR) / (means.min() + FLOOR)
    share = float(np.clip((cast - CAST_FROM) / (CAST_FULLY - CAST_FROM), 0, 1))
    if share == 0:
        return pixels
    weights = means / means.sum()
    grey = np.minimum(255, pixels.astype(np.float64) @ weights * (means.max() / (means @ weights)))
    return np.floor(pixels + (grey[..., None] - pixels) * share + 0.5).astype(np.uint8)
