"""The clock of the gateway, a parameter everywhere so that tests can set it."""

from __future__ import annotations

import time
from collections.abc import Callable

# Returns UTC seconds since 1970.
Clock = Callable[[], float]

system_clock: Clock = time.time
