"""The metrics of a connection in words: a label and a sentence each; what is not known is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from synfin.explain.quantity import Language, duration
from synfin.explain.words import text

if TYPE_CHECKING:
    from synfin.watch.measure.limits import Limits
    from synfin.watch.measure.metrics import Metrics

_ENDS = ("client", "server")


def metric_lines(told: Metrics, lang: Language) -> list[tuple[str, str]]:
    """Handshake, round trips, what each end waited for, windows, answers, the ending."""
    parts = (_handshake(told, lang), _trips(told, lang), _limits(told, lang), _windows(told, lang),
             _answers(told, lang), _ending(told, lang))  # fmt: skip
    return [(text(f"metrics.{key}", lang), sentence) for part in parts for key, sentence in part]


def _handshake(told: Metrics, lang: Language) -> Iterator[tuple[str, str]]:
    one = told.handshake
    where = text(f"metrics.vantage.{told.vantage}", lang)
    if one.server_leg_ns is not None and one.client_leg_ns is not None and one.rtt_ns is not None:
        yield "handshake", text(
            "metrics.handshake.text", lang, rtt=one.rtt_ns, there=duration(one.server_leg_ns, lang),
            back=duration(one.client_leg_ns, lang), where=where,
        )  # fmt: skip
    elif one.connect_ns is not None:
        again = one.syns_again + one.syn_acks_again
        yield "handshake", text("metrics.handshake.again", lang, dt=one.connect_ns, n=again, where=where)
    else:
        yield "handshake", where


def _trips(told: Metrics, lang: Language) -> Iterator[tuple[str, str]]:
    for name, one in zip(_ENDS, told.trips, strict=True):
        if one.p50_ns is not None:
            times = (one.min_ns, one.p50_ns, one.p95_ns, one.max_ns)
            shown = " / ".join(duration(ns, lang) for ns in times if ns is not None)
            yield f"trips.{name}", text("metrics.trips.text", lang, times=shown, n=one.samples, dt=one.rto_ns or 0)


def _limits(told: Metrics, lang: Language) -> Iterator[tuple[str, str]]:
    for name, one in zip(_ENDS, told.limits, strict=True):
        if one.most is not None:
            yield f"limits.{name}", _shares(one, lang)


def _shares(one: Limits, lang: Language) -> str:
    spans = {"application": one.application_ns, "receiver": one.receiver_ns, "network": one.network_ns}
    parts = {name: f"{span / one.total_ns:.0%}" for name, span in spans.items()}
    return text("metrics.limits.text", lang, dt=one.total_ns, **parts)


def _windows(told: Metrics, lang: Language) -> Iterator[tuple[str, str]]:
    for name, one in zip(_ENDS, told.zero_windows, strict=True):
        if one.count:
            yield (
                f"windows.{name}",
                text(
                    "metrics.windows.text", lang, n=one.count, dt=one.total_ns, longest=duration(one.longest_ns, lang)
                ),
            )


def _answers(told: Metrics, lang: Language) -> Iterator[tuple[str, str]]:
    one = told.exchange
    if one.client_ns is not None:
        yield "asked", duration(one.client_ns, lang)
    if one.first_answer_ns is not None and one.wire_ns is not None and one.server_ns is not None:
        yield "answered", text(
            "metrics.answered.text", lang, dt=one.first_answer_ns, wire=duration(one.wire_ns, lang),
            server=duration(one.server_ns, lang),
        )  # fmt: skip
    if one.answers > 1 and one.slowest_answer_ns is not None and one.slowest_answer_frame is not None:
        yield (
            "slowest",
            text("metrics.slowest.text", lang, dt=one.slowest_answer_ns, frame=one.slowest_answer_frame, n=one.answers),
        )


def _ending(told: Metrics, lang: Language) -> Iterator[tuple[str, str]]:
    one = told.ending
    words = [text(f"summary.end.{one.end}", lang), text(f"metrics.phase.{one.phase}", lang)]
    words.append(text(f"summary.stage.{one.stage}", lang))
    if one.close_ns is not None:
        words.append(text("metrics.close.text", lang, dt=one.close_ns))
    yield "ended", (" · ").join(words)
