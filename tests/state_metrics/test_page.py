"""A page that is read in turns: it says the same, and whatever is on it, nobody waits long for it."""

from __future__ import annotations

from typing import Final

import pytest
from prometheus_client import CollectorRegistry

from mcp_state.metrics import StateMetrics
from prober.state_metrics.page import MAX_SAMPLES, PageError, parse, parse_in_turns
from tests.assertions.ticking import PROMISE, ticking
from tests.state_metrics.pages import ALL, FORMATS, written

PLAIN, OPENMETRICS = FORMATS
OTHERS: Final = (
    "# HELP http_total Calls, by what {came} of them.\n"
    "# TYPE http_total counter\n"
    'http_total{state="x y",path="/{id}"} 1e3 1700000000000\n'
    'http_total{state="mcp_state"} NaN\n'
    "up{} 1\n"
    "process_resident_memory_bytes\t+Inf\n"
)


def crowded(format_: str) -> tuple[bytes, str]:
    """The page of a server with a hundred tools that use every pattern."""
    tools = {f"tool_{number}": ALL for number in range(100)}
    metrics = StateMetrics(CollectorRegistry(), store="sqlite", tools=tools)
    metrics.active_sessions.set(1)
    for name in tools:
        for status in ("ok", "error"):
            metrics.call_ended(tool_name=name, status=status, seconds=0.003)
    return metrics.page(format_)


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_page_says_the_same_in_turns_as_at_once(format_: str) -> None:
    text, content_type = written(format_)
    assert await parse_in_turns(text.encode(), content_type) == parse(text.encode(), content_type)
    with_others = (
        f"{OTHERS}{text}" if format_ == PLAIN else text.replace("# EOF", f"{OTHERS.replace('_total', '')}# EOF")
    )
    assert await parse_in_turns(with_others.encode(), content_type) == parse(text.encode(), content_type)


@pytest.mark.parametrize("format_", FORMATS)
async def test_the_page_of_a_hundred_tools_is_read_in_turns(format_: str) -> None:
    body, content_type = crowded(format_)
    async with ticking() as ticks:
        page = await parse_in_turns(body, content_type)
    assert page == parse(body, content_type)
    assert MAX_SAMPLES / 2 < len(page.samples) < MAX_SAMPLES
    assert ticks.longest < PROMISE


async def test_counters_without_total_keep_their_names_also_where_the_page_is_divided() -> None:
    body = ("# TYPE mcp_calls counter\n" + "".join(f'mcp_calls{{a="{n}"}} {n}\n' for n in range(2_000))).encode()
    page = await parse_in_turns(body, PLAIN)
    assert page == parse(body, PLAIN)
    assert page.total("mcp_calls", {}) == sum(range(2_000))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<p>{</p>", "ValueError"),
        (b"\xff\xfe", "UnicodeDecodeError"),
        (b"a{b 1\n", "ValueError"),
        (b"x 1\n" * 5_000 + b"x\n", "ValueError"),
        (b"x 1\n" * 5_000 + b"x one\n", "ValueError"),
        (b'mcp_a{b="' + b"x" * 20_000 + b'"} 1\n', "a line of the page is longer than 8,192 bytes"),
        (b"mcp_a 1" + b"0" * 400 + b"\n", "OverflowError"),
        (b"mcp_a 1\n" * (MAX_SAMPLES + 1), "more than 10,000 samples whose names begin with mcp_"),
    ],
    ids=["a web page", "no text", "half a line", "no value", "a word", "a long line", "a number", "many"],
)
async def test_what_is_no_page_or_too_much_of_one_is_told_as_such(body: bytes, words: str) -> None:
    with pytest.raises(PageError, match=words):
        await parse_in_turns(body, PLAIN)


async def test_openmetrics_without_its_end_is_cut_off_in_turns_too() -> None:
    text, content_type = written(OPENMETRICS)
    with pytest.raises(PageError, match="EOF"):
        await parse_in_turns(text.replace("# EOF\n", "").encode(), content_type)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    "line",
    [
        "x{} 1\n",
        'x_a{{b="}}}}}}",c="{}"}} 1\n',
        "mcp_{} 1\n",
        'mcp_a{{b="\\\\\\"{}",c="d"}} 1\n',
        "# TYPE mcp_{} gauge\n",
        "#{}\n",
    ],
    ids=["others", "labels of others", "families", "labels", "types", "comments"],
)
async def test_two_megabytes_of_anything_do_not_hold_up_anybody(line: str, format_: str) -> None:
    lines = "".join(line.format(number) for number in range(200_000))[:2_000_000].rpartition("\n")[0]
    body = f"{lines}\n# EOF\n".encode()
    async with ticking() as ticks:
        try:
            page = await parse_in_turns(body, format_)
        except PageError:
            assert "mcp" in line
        else:
            assert page.samples == ()
    assert ticks.longest < 2 * PROMISE
