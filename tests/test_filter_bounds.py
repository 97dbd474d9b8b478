"""Hostile filters: refused or answered in little time and memory, with a clear message."""

from __future__ import annotations

import time

import pytest

from synfin.capture.packet import Packet
from synfin.errors import FilterError
from synfin.filter import compile
from synfin.filter.pattern import MAX_PATTERN, Pattern
from synfin.wire.frame import dissect
from wire_bytes import RAW, ipv4, tcp

FRAME = dissect(Packet(1, 0, RAW, ipv4(tcp(b"", 0x18, b"a" * 200 + b"b")), 241))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000 + "tcp", "!" * 100_000 + "tcp", "not " * 40_000 + "tcp", "tcp.len == " + "{" * 50_000,
        "tcp" + "[0]" * 60_000, "len(" * 40_000 + "tcp", "tcp.len" + "+1" * 90_000 + "== 1", "a" * 300_000,
        "tcp.port in {" + "1," * 90_000 + "1}", "tcp.len == " + "9" * 150_000, "ip.addr == 1.2.3.4/" + "9" * 100_000,
        "frame.time_relative > " + "9" * 150_000 + "x", "tcp.port == '" + "x" * 100_000, '"' * 199_999,
        "tcp" + "#1" * 90_000, "$" * 100_000, "${" * 90_000, "tcp[" + "1," * 90_000 + "1", "x." * 90_000 + "y == 1",
    ],
    ids=lambda text: text[:18],
)  # fmt: skip
def test_hostile_text_is_refused_quickly(text: str) -> None:
    started = time.process_time()
    with pytest.raises(FilterError) as caught:
        compile(text)
    assert time.process_time() - started < 5
    assert len(caught.value.with_caret()) < 2_000


def test_a_large_set_is_one_look_up() -> None:
    chosen = compile(f"tcp.port in {{{', '.join(str(port) for port in range(1, 40_000, 2))}}}")
    started = time.process_time()
    for _ in range(2_000):
        chosen.matches(FRAME)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("source", ["(a+)+$", "(a|a)*c", "(.*a){20}c", "(a|aa)+$", "(?:a?){40}a{200}c"])
def test_a_catastrophic_expression_is_bounded(source: str) -> None:
    started = time.process_time()
    try:
        compile(f'tcp.payload matches "{source}"').matches(FRAME)
    except FilterError as error:
        assert "steps" in str(error) and error.position == 20
    assert time.process_time() - started < 2


def test_an_expression_that_takes_too_long_is_refused_where_it_stands() -> None:
    with pytest.raises(FilterError, match="more than 1,000,000 steps") as caught:
        compile('tcp.payload matches "(a+)+$"').matches(FRAME)
    assert caught.value.position == 20


def test_an_expression_cannot_lift_its_limits() -> None:
    with pytest.raises(FilterError, match="steps"):
        Pattern(b"(*LIMIT_MATCH=4000000000)(a+)+$").search(b"a" * 200 + b"b")
    with pytest.raises(FilterError, match="UTF is disabled"):
        Pattern(b"(*UTF)a")
    with pytest.raises(FilterError, match="longer than"):
        Pattern(b"a" * (MAX_PATTERN + 1))


@pytest.mark.parametrize("source", [b"((a{1,1000}){1,1000}){1,1000}", b"(" * 2_000, b"a{65535}{65535}", b"[" * 3_000])
def test_expressions_that_grow_are_refused(source: bytes) -> None:
    started = time.process_time()
    with pytest.raises(FilterError, match="cannot be used"):
        Pattern(source)
    assert time.process_time() - started < 5


def test_sums_of_fields_with_several_values_do_not_multiply_without_end() -> None:
    started = time.process_time()
    with pytest.raises(FilterError, match="pairs of values"):
        compile("tcp.port" + " + tcp.port" * 30 + " == 1").matches(FRAME)
    assert time.process_time() - started < 2


def test_many_networks_are_one_look_up_each_length() -> None:
    nets = ", ".join(f"172.{place >> 8}.{place & 255}.0/24" for place in range(9_000))
    chosen = compile(f"ip.addr in {{{nets}, 10.0.0.0/8}}")
    started = time.process_time()
    found = {chosen.matches(FRAME) for _ in range(2_000)}
    assert len(found) == 1
    assert time.process_time() - started < 2


def test_a_slice_has_few_parts() -> None:
    with pytest.raises(FilterError, match="at most 256 parts"):
        compile(f"frame[{','.join(['0:'] * 257)}] == 00")
    assert not compile(f"frame[{','.join(['0:'] * 256)}] == 00").matches(FRAME)
