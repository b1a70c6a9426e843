"""The table of 2026-11-23-fast-protocol.md: kernels compared with nothing chosen on the validation split.

    python3 docs/decisions/path-kernels.py [data folder]      (NumPy and SciPy; half a minute on one core)

Standardised inputs; kernel ridge on centred class indicators; the penalty mu has the smallest exact leave-one-out squared
error on clamp(N / 6, 600, 1400) random training rows, between 0.01 and 3 times the mean diagonal, and serves all rows.
"""
import sys
from pathlib import Path

import numpy as np
from scipy.linalg import cho_factor, cho_solve

DATA = Path(sys.argv[1] if len(sys.argv) > 1 else "packages/datasets/data")
SETS = {"A1": "a1_fashion_mnetv2_384", "A2": "a2_wordnet14_use_512", "B1": "b1_fashion_mnetv2_1280"}
BIAS = 0.1


def infinite(power):
    """(<x, y> + 1) / n0 times (2 (1 - acos(t) / pi)) ** power, t the cosine between [x / sqrt(n0), BIAS] and [y / ..., BIAS]."""

    def kernel(x, y):
        scaled = x @ y.T / x.shape[1]
        norms = [np.sqrt((z * z).sum(1) / z.shape[1] + BIAS**2) for z in (x, y)]
        cosine = np.clip((scaled + BIAS**2) / np.outer(*norms), -1, 1)
        return (scaled + 1 / x.shape[1]) * (2 * (1 - np.arccos(cosine) / np.pi)) ** power

    return kernel


def gaussian(width):
    def kernel(x, y):
        squares = (x * x).sum(1)[:, None] + (y * y).sum(1)[None] - 2 * x @ y.T
        return np.exp(-width / x.shape[1] * np.maximum(squares, 0))

    return kernel


KERNELS = {
    "Gaussian, 0.25 / n0": gaussian(0.25),
    "Gaussian, 0.5 / n0": gaussian(0.5),
    "Gaussian, 1 / n0": gaussian(1),
    "infinite selector, power 1": infinite(1),
    "infinite selector, power 2": infinite(2),
    "infinite selector, power 3": infinite(3),
}


def leave_one_out_error(gram, targets, mu):
    """Mean squared residual of each row by the fit without it: alpha_i / [(K + mu I)^-1]_ii."""
    factor = cho_factor(gram + mu * np.eye(len(gram), dtype=gram.dtype), lower=True)
    inverse = cho_solve(factor, np.eye(len(gram), dtype=gram.dtype))
    return np.mean(((inverse @ targets) / np.diag(inverse)[:, None]) ** 2)


def accuracy(kernel, x, y, x_validation, y_validation):
    indicators = np.eye(y.max() + 1, dtype=x.dtype)[y]
    targets = indicators - indicators.mean(0)
    count = min(len(x), max(600, min(1400, round(len(x) / 6))))
    rows = np.random.default_rng(0).permutation(len(x))[:count]
    small = kernel(x[rows], x[rows])
    grid = np.geomspace(0.01, 3, 12) * np.mean(np.diag(small))
    mu = min(grid, key=lambda value: leave_one_out_error(small, targets[rows], value))
    gram = kernel(x, x)
    gram[np.diag_indices(len(x))] += mu
    alpha = cho_solve(cho_factor(gram, lower=True, overwrite_a=True), targets)
    scores = kernel(x_validation, x) @ alpha + indicators.mean(0)
    return np.mean(scores.argmax(1) == y_validation)


def main():
    for name, folder in SETS.items():
        train_x, train_y, val_x, val_y = (
            np.load(DATA / folder / f"{part}.npy") for part in ("train_x", "train_y", "val_x", "val_y")
        )
        train_x, val_x = train_x.astype(np.float32), val_x.astype(np.float32)
        mean, deviation = train_x.mean(0), train_x.std(0)
        scale = np.where(deviation > 1e-6 * np.abs(mean), 1 / np.maximum(deviation, 1e-12), 0)
        x, x_validation = (train_x - mean) * scale, (val_x - mean) * scale
        for label, kernel in KERNELS.items():
            found = accuracy(kernel, x, train_y.astype(int), x_validation, val_y.astype(int))
            print(f"{name}  {label:28s} {100 * found:.1f} %", flush=True)


main()
