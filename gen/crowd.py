"""Threads that wait for outside programs, and end as one.

A signal reaches the main thread alone, and the failure of one thread says nothing to the others:
without more, all would wait for programs whose results nobody wants any more.
"""

import contextlib
import contextvars
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

__all__ = ["member", "side_by_side"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Crowd:
    """The programs that some threads have running; and those of crowds inside this one."""

    def __init__(self, outer: "_Crowd | None") -> None:
        self.outer = outer
        self._running: set[subprocess.Popen[bytes]] = set()
        self._over = False
        self._lock = threading.Lock()

    def enter(self, process: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            self._running.add(process)
            if self._over:
                _kill(process)

    def leave(self, process: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            self._running.discard(process)

    def end(self) -> None:
        with self._lock:
            self._over = True
            for process in self._running:
                _kill(process)


_current: contextvars.ContextVar[_Crowd | None] = contextvars.ContextVar("crowd", default=None)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def member(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """The program belongs to the crowds of this thread for the block."""
    crowds: list[_Crowd] = []
    crowd = _current.get()
    while crowd is not None:
        crowds.append(crowd)
        crowd = crowd.outer
    for crowd in crowds:
        crowd.enter(process)
    try:
        yield
    finally:
        for crowd in crowds:
            crowd.leave(process)


def side_by_side(
    function: Callable[[Item], Result], items: Sequence[Item], at_once: int
) -> list[Result]:
    """The function's result for each item, so many at once, in threads.

    After an exception, of one of them or a signal's, no program that any of them started is alive,
    and none starts any more.
    """
    crowd = _Crowd(_current.get())

    def one(item: Item) -> Result:
        _current.set(crowd)
        return function(item)

    with ThreadPoolExecutor(max_workers=min(len(items), at_once) or 1) as pool:
        try:
            context = contextvars.copy_context
            waiting = [pool.submit(context().run, one, item) for item in items]
            for future in wait(waiting, return_when=FIRST_EXCEPTION).done:
                future.result()
            return [future.result() for future in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            crowd.end()
            raise
