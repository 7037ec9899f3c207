"""What is done with a large array, by name in each worker; needs NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spawnable.recipes.shared_array import SharedArray

__all__ = ["ARRAY", "SharedArray", "element", "read"]

#: 8 MB: larger than what joblib sends as it is
ARRAY: npt.NDArray[np.float64] = np.zeros(1_000_000)


def element(array: npt.NDArray[Any], place: int) -> float:
    """Read one element."""
    return float(array[place])


def read(shared: SharedArray, place: int) -> float:
    """Read one element of an array that has been sent, and end its use here."""
    with shared:
        return element(shared.array, place)
