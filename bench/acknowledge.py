"""How fast the gateway acknowledges what the platforms deliver: `python -m bench.acknowledge [--rate 100]`.

A gateway process on SQLite (every acknowledgement waits for the disk), between stand-ins for both platforms and a
dialogue engine that takes 0.1 s for a turn, which is quicker than Rasa. Half of the messages are Telegram updates,
half signed SMS, from 100 clients.
The public figures to compare with: Twilio gives a webhook 15 seconds, Telegram about 60, and both deliver again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from tests.support.fake_telegram import FakeTelegram, Person
from tests.support.fake_twilio import FakeTwilio, incoming, signed
from tests.support.gateway import FakeEngine
from tests.support.gateway_process import gateway_process
from tests.support.live_gateway import HEADERS, live_settings

CLIENTS = 100
GOAL_MS = 200.0


async def deliver(url: str, rate: int, seconds: int) -> tuple[list[float], int]:
    """Deliver `rate` messages a second; gives the milliseconds of each acknowledgement, and how many were refused."""
    people = [Person(10_000 + n) for n in range(CLIENTS // 2)]
    took: list[float] = []
    refused = 0
    limits = httpx.Limits(max_connections=80, max_keepalive_connections=80)
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, limits=limits) as http:

        async def one(n: int) -> None:
            nonlocal refused
            if n % 2:
                content = json.dumps(people[n % len(people)].text(f"message {n}")).encode()
                target, headers = "/webhooks/telegram", HEADERS
            else:
                number = f"+1555060{n % (CLIENTS // 2):04}"
                target, content, headers = signed("/webhooks/sms", incoming(number, f"message {n}"))
            began = time.perf_counter()
            try:
                answer = await http.post(target, content=content, headers=headers)
            except httpx.TransportError:
                # A connection that had been idle was closed just then: the platforms deliver again, and so do we.
                answer = await http.post(target, content=content, headers=headers)
            took.append((time.perf_counter() - began) * 1000)
            refused += not answer.is_success

        began = time.perf_counter()
        tasks = []
        for n in range(rate * seconds):
            await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(one(n)))
        await asyncio.gather(*tasks)
    return took, refused


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=100, help="messages a second")
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeEngine() as engine,
        FakeTelegram() as telegram,
        FakeTwilio() as twilio,
    ):
        engine.turn_seconds = 0.1
        settings = live_settings(telegram.url, twilio.url)
        with gateway_process(Path(folder), engine.port, settings) as gateway:
            took, refused = asyncio.run(deliver(gateway.url, options.rate, options.seconds))
            used = gateway.cpu_seconds()
    cuts = statistics.quantiles(took, n=100)
    print(f"{len(took)} messages at {options.rate} a second, {refused} refused")
    print(f"acknowledged in: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, longest {max(took):.1f} ms")
    print(f"the gateway used {1000 * used / len(took):.1f} ms of one processor for each, answers included")
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"goal: p99 below {GOAL_MS:.0f} ms: {'kept' if cuts[98] < GOAL_MS and not refused else 'MISSED'}")


if __name__ == "__main__":
    main()
