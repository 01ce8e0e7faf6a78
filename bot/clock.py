"""The clock that everything in the gateway is given, so that a test can move it."""

from __future__ import annotations

import time
from collections.abc import Callable

# UTC seconds since 1970.
Clock = Callable[[], float]

system_clock: Clock = time.time
