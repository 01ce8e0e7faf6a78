"""One stream for the output of several processes."""

from __future__ import annotations

import asyncio

from bot.cli.log_output import MAX_LINE_BYTES, LogOutput
from tests.support.processes import LineRecorder


def logs(lines: LineRecorder, *names: str, **environ: str) -> LogOutput:
    return LogOutput(names, lines, environ)  # type: ignore[arg-type]


async def copied(*chunks: bytes) -> list[str]:
    lines, source = LineRecorder(), asyncio.StreamReader()
    for chunk in chunks:
        source.feed_data(chunk)
    source.feed_eof()
    await logs(lines, "rasa").copy("rasa", source)
    return [line.removeprefix("rasa     | ") for line in lines.lines]


async def test_lines_that_arrive_in_pieces_come_out_whole() -> None:
    assert await copied("ログ".encode()[:2], "ログ".encode()[2:], b"in\r\nnext", b"\n\nlast") == [
        "ログin",
        "next",
        "",
        "last",
    ]


async def test_bytes_that_are_not_utf8_are_replaced() -> None:
    assert await copied(b"a\xffb\n") == ["a\ufffdb"]


async def test_a_line_without_end_is_cut_and_nothing_of_it_is_lost() -> None:
    written = await copied(b"x" * (3 * MAX_LINE_BYTES + 5) + b"\n")
    assert len(written) > 1
    assert "".join(written) == "x" * (3 * MAX_LINE_BYTES + 5)


async def test_names_are_padded_to_the_longest() -> None:
    lines = LineRecorder()
    log = logs(lines, "rasa", "a-long-name")
    log.write("rasa", "x")
    log.write("a-long-name", "y")
    assert lines.lines == ["rasa        | x", "a-long-name | y"]


async def test_there_is_colour_on_a_terminal_only_and_not_with_no_color() -> None:
    terminal, quiet, file = LineRecorder(tty=True), LineRecorder(tty=True), LineRecorder()
    logs(terminal, "rasa").write("rasa", "x")
    logs(quiet, "rasa", NO_COLOR="1").write("rasa", "x")
    logs(file, "rasa").write("rasa", "x")
    assert terminal.lines == ["\x1b[36mrasa     | \x1b[0mx"]
    assert quiet.lines == file.lines == ["rasa     | x"]
