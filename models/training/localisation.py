"""How many predicted heads sit on a true head: precision, recall, F1 at a distance."""

import numpy as np


def match_heads(predicted: np.ndarray, truth: np.ndarray, radius: float) -> int:
    """Pairs within `radius` pixels, nearest first, each head used once. Points are [n,2]."""
    if not len(predicted) or not len(truth):
        return 0
    distance = np.linalg.norm(predicted[:, None] - truth[None], axis=2)
    rows, columns = np.nonzero(distance <= radius)
    order = np.argsort(distance[rows, columns], kind="stable")
    free_row = np.ones(len(predicted), dtype=bool)
    free_column = np.ones(len(truth), dtype=bool)
    pairs = 0
    for row, column in zip(rows[order], columns[order], strict=True):
        if free_row[row] and free_column[column]:
            free_row[row] = free_column[column] = False
            pairs += 1
    return pairs


def f_score(pairs: int, predicted: int, truth: int) -> float:
    """F1 from summed counts; an empty picture without false heads is perfect."""
    return 2 * pairs / (predicted + truth) if predicted + truth else 1.0
