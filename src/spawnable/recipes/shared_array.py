# SPDX-License-Identifier: 0BSD
"""A NumPy array in shared memory, with an owner.

Copy this file; it needs NumPy and the standard library.

>>> with SharedArray((2, 3)) as shared:
...     shared.array[:] = 1
...     float(shared.array.sum())
6.0
"""

from __future__ import annotations

import contextlib
import errno
import math
import operator
import os
import sys
import threading
import weakref
from collections.abc import Iterable
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import Any, Self, SupportsIndex

import numpy as np
import numpy.typing as npt

__all__ = ["SharedArray"]

#: of a thread, whether it attaches
_quiet = threading.local()

if sys.version_info < (3, 13):
    _tracker: Any = resource_tracker
    _register = _tracker.register

    def _register_owned(name: str, kind: str) -> None:
        if not getattr(_quiet, "on", False):
            _register(name, kind)

    _tracker.register = _register_owned


class SharedArray:
    """An array that all processes see which have been sent it.

    Who makes it owns it: the end of its `with` block, or `close`,
    unlinks the memory, whichever processes still use it.  It is
    pickled as the name of the memory, shape and dtype, so it can
    also be sent through a queue or to a pool; in the process that
    gets it, `array` is the same memory.

    `array` has the given shape and dtype, in C order, and begins
    with zeros.  It, and what is sliced from it, can be used after
    the end of the block as well: the memory is there until its
    last array is gone.

    `shape` is in elements: a number, or several, of Python or of
    NumPy.  Raises TypeError for others, ValueError for a negative
    one and for a dtype that holds Python objects, has no size or
    is an array itself, and OSError where the system refuses so
    much memory.  Linux refuses only what it can not address: who
    writes where /dev/shm has no room left is ended by SIGBUS.

    Where the owner is killed, the resource tracker unlinks it as
    soon as no process uses that tracker any more.

    >>> with SharedArray(3, np.uint8) as shared:
    ...     array = shared.array
    >>> array.tolist()
    [0, 0, 0]
    """

    _block: _Block
    _array: npt.NDArray[Any] | None

    def __init__(
        self,
        shape: SupportsIndex | Iterable[SupportsIndex],
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        kind = np.dtype(dtype)
        if kind.hasobject:
            text = f"{kind} holds objects, which can not be shared"
            raise ValueError(text)
        if not kind.itemsize or kind.subdtype:
            text = f"{kind!r} is not the dtype of an element"
            raise ValueError(text)
        given = shape if isinstance(shape, Iterable) else (shape,)
        sizes = tuple(map(operator.index, given))
        if any(size < 0 for size in sizes):
            raise ValueError(f"negative size: {sizes}")
        # there are no blocks of 0 bytes
        bytes_ = max(1, math.prod(sizes) * kind.itemsize)
        if bytes_ > sys.maxsize:
            text = f"no memory has {bytes_} bytes"
            raise OSError(errno.ENOMEM, text)
        block = _Block(create=True, size=bytes_)
        try:
            self._use(block, sizes, kind)
        except BaseException:
            block.unlink()
            block.close()
            raise
        self._owner = os.getpid()

    @classmethod
    def copy_of(cls, array: npt.ArrayLike) -> Self:
        """Make one with the shape, dtype and values of an array.

        Raises as the class does, say ValueError for values that
        are Python objects.

        >>> with SharedArray.copy_of([[1, 2], [3, 4]]) as shared:
        ...     shared.array[1].tolist()
        [3, 4]
        """
        values = np.asarray(array)
        shared = cls(values.shape, values.dtype)
        try:
            shared.array[...] = values
        except BaseException:
            shared.close()
            raise
        return shared

    @property
    def array(self) -> npt.NDArray[Any]:
        """The array.

        Raises ValueError once it is closed.

        >>> with SharedArray(2, np.int8) as shared:
        ...     shared.array.dtype.name
        'int8'
        >>> shared.array
        Traceback (most recent call last):
        ValueError: the shared array is closed
        """
        if self._array is None:
            raise ValueError("the shared array is closed")
        return self._array

    def close(self) -> None:
        """End its use in this process; the owner unlinks it.

        It can be closed again, and unlinked by another before.

        >>> shared = SharedArray(2)
        >>> shared.close()
        """
        if self._array is None:
            return
        self._array = None
        try:
            if self._owner == os.getpid():
                with contextlib.suppress(FileNotFoundError):
                    self._block.unlink()
        finally:
            self._block.close()

    def __enter__(self) -> Self:
        """Return the shared array."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def __getstate__(self) -> tuple[str, tuple[int, ...], Any]:
        """Return name, shape and dtype.

        Raises ValueError once it is closed.
        """
        array = self.array
        return self._block.name, array.shape, array.dtype

    def __setstate__(
        self, state: tuple[str, tuple[int, ...], Any]
    ) -> None:
        """Attach to the memory.

        Raises FileNotFoundError where its owner has unlinked it.
        """
        name, shape, dtype = state
        self._use(_attach(name), shape, dtype)
        self._owner = 0

    def _use(
        self, block: _Block, shape: tuple[int, ...], dtype: Any
    ) -> None:
        self._block = block
        count = math.prod(shape)
        # of a view of its own, to see when the last array is gone;
        # `np.ndarray(buffer=…)` would not keep the memory
        buffer: Any = block.buf
        array = np.frombuffer(memoryview(buffer), dtype, count)
        self._array = array.reshape(shape)
        end = weakref.finalize(_buffer_of(array), block.close)
        # at the end of the program an array may still be in use
        end.atexit = False


class _Block(SharedMemory):
    """Shared memory that stays mapped as long as it is used."""

    def close(self) -> None:
        # the buffer of an array is not released before the array
        with contextlib.suppress(BufferError):
            super().close()


def _attach(name: str) -> _Block:
    """Open a block, as one who does not own it.

    Before Python 3.13 that can not be said, and the resource
    tracker would unlink it when this process has ended.
    """
    if sys.version_info >= (3, 13):
        return _Block(name, track=False)
    _quiet.on = True
    try:
        return _Block(name)
    finally:
        _quiet.on = False


def _buffer_of(array: npt.NDArray[Any]) -> Any:
    """Return what holds the memory of an array."""
    holder: Any = array
    while isinstance(holder, np.ndarray):
        holder = holder.base
    return holder
