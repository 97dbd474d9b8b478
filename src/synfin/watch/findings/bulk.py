"""The findings of a connection from what was noticed of it on the way (`_kernels/signs`), without its segments.

The same ids as `judge` gives, decided by the same thresholds. Where a sign leaves open what only the segments tell,
the findings that may come or go with it are `undecided`: whoever wants to be sure opens such connections. Light to
import: records are printed with it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from synfin._kernels.signs import SIGNS
from synfin.watch.connections.verdict import ANY_RST, CLIENT_SYN, Verdict, decide
from synfin.watch.findings.known import KNOWN, SEVERITIES

_OPENED = ("open.normal", "open.tfo", "open.simultaneous")
_BITS = {name: 1 << place for place, name in enumerate(SIGNS)}


def _always(found: Verdict, marks: int) -> bool:
    return True


def _opened(found: Verdict, marks: int) -> bool:
    return found.open in _OPENED


def _lived(found: Verdict, marks: int) -> bool:
    return found.open in (*_OPENED, "open.midstream")


def _closed_by(name: str) -> Callable[[Verdict, int], bool]:
    return lambda found, marks: found.close == name


def _lost(found: Verdict, marks: int) -> bool:
    return found.close == "close.rst_reply" and _lived(found, marks)


#: sign, the finding that it is, and what of the connection it asks besides
RULES: tuple[tuple[str, str, Callable[[Verdict, int], bool]], ...] = (
    ("syn_backoff", "open.syn_backoff", lambda found, marks: found.open == "open.no_answer"),
    ("syn_again", "open.syn_retransmitted", _opened),
    ("syn_ack_again", "open.synack_retransmitted", _always),
    ("syn_ack_after_ack", "open.synack_retransmitted_after_ack", _always),
    ("server_silent", "open.established_but_server_silent", _opened),
    ("probe", "open.probe_rst", _opened),
    ("stale_ack", "open.stale_connection_ack", _always),
    ("reused", "open.tuple_reused", lambda found, marks: bool(marks & CLIENT_SYN)),
    ("close_wait", "close.close_wait_lag", _always),
    ("fin_again", "close.fin_retransmitted", _always),
    ("fin_wait", "close.finwait2_expired", _always),
    ("unread", "close.unread_data_likely", _closed_by("close.abort")),
    ("write_after_close", "app.write_after_peer_close", _closed_by("close.rst_after_own_fin")),
    ("crossed_fin", "close.request_crossed_fin", _closed_by("close.rst_after_own_fin")),
    ("peer_silent", "death.peer_silent", _lived),
    ("forgotten", "idle.middlebox_forgot", _lived),
    ("keep_alive_dead", "death.keepalive", _always),
    ("keep_alive", "idle.keepalive", _always),
    ("lost_state", "death.peer_lost_state", _lost),
    ("conntrack", "rst.conntrack_invalid", _lost),
    ("injected", "rst.injected", _lived),
    ("challenged", "rst.ignored_challenge_ack", _always),
    ("rto", "loss.rto", _always),
    ("fast", "loss.fast_retransmit", _always),
    ("tail_probe", "loss.tlp", _always),
    ("spurious", "loss.spurious_retransmission", _always),
    ("storm", "loss.retransmission_storm", _always),
    ("reordered", "path.reordering", _always),
    ("black_hole", "path.mtu_blackhole", _lived),
    ("one_direction", "path.asymmetric", _always),
    ("stall", "window.zero_stall", _always),
    ("window_probe", "window.zero_probe", _always),
    ("late_resume", "window.update_lost_or_late", _always),
    ("window_full", "window.full", _always),
    ("scale", "window.scale_mismatch", _always),
    ("nagle", "app.nagle_delayed_ack", _always),
    ("silly", "app.silly_window", _always),
    ("slow_wire", "latency.wire", _always),
    ("slow_client", "latency.client", _opened),
    ("slow_server", "latency.server", _opened),
    ("copies", "capture.duplicates", _always),
    ("partial_sum", "capture.checksum_offload", _always),
    ("long_segments", "capture.offload_segments", _always),
    ("missing", "capture.missing_segments", _always),
)

_OF_LOSS = (
    "loss.rto", "loss.fast_retransmit", "loss.tlp", "loss.spurious_retransmission", "loss.retransmission_storm",
    "path.reordering", "path.mtu_blackhole", "capture.duplicates", "capture.missing_segments",
)  # fmt: skip
#: what the segments must be asked for, by the sign that leaves it open
OPEN_QUESTIONS = {
    # what was sent twice may be a copy, late, or needed: then nothing that follows from it holds as it seems
    "again": (
        *_OF_LOSS, "death.peer_silent", "idle.middlebox_forgot", "open.established_but_server_silent",
        "open.stale_connection_ack", "open.syn_retransmitted", "open.synack_retransmitted",
        "open.synack_retransmitted_after_ack", "close.fin_retransmitted", "close.finwait2_expired",
        "close.close_wait_lag", "close.unread_data_likely", "app.write_after_peer_close",
        "close.request_crossed_fin", "death.peer_lost_state", "rst.conntrack_invalid", "rst.injected",
        "rst.ignored_challenge_ack", "death.keepalive", "idle.keepalive", "window.zero_probe", "window.full",
        "window.update_lost_or_late", "app.nagle_delayed_ack", "app.silly_window", "latency.client", "latency.server",
        "path.asymmetric",
    ),
    "copies": ("capture.duplicates",),
    "doubled": ("capture.duplicates",),
    "hole": ("capture.missing_segments",),
    "large_hole": ("capture.missing_segments", "path.mtu_blackhole"),
    "one_direction": ("path.asymmetric", "capture.missing_segments"),
    "odd_reset": ("rst.injected",),
    "reset_after_data": ("rst.tls_alert_first",),
    "perhaps_slow": ("latency.server",),
    "bad_sum": ("capture.bad_checksum",),
    "quoted": ("path.pmtu_icmp",),
    "window_filled": ("window.full",),
    "scale": ("window.scale_mismatch",),
    "nagle": ("app.nagle_delayed_ack",),
    "silly": ("app.silly_window",),
}  # fmt: skip


def limits() -> bytes:
    """The thresholds as the kernel takes them."""
    from array import array

    from synfin._kernels import signs
    from synfin.watch.findings import thresholds

    known = vars(thresholds) | {
        "BACKOFF_RATIO_LOW": thresholds.BACKOFF_RATIO[0],
        "BACKOFF_RATIO_HIGH": thresholds.BACKOFF_RATIO[1],
    }
    return array("d", [float(known[name]) for name in signs.LIMITS]).tobytes()


@lru_cache(maxsize=4096)
def found(key: int) -> tuple[str, ...]:
    """The ids beside a connection's two, in the order of `judge`: the key is its signs above its 64 bits of marks."""
    signs, marks = key >> 64, key & 0xFFFF_FFFF_FFFF_FFFF
    if not signs:
        return ()
    verdict = decide(marks)
    ids = [name for sign, name, holds in RULES if signs & _BITS[sign] and holds(verdict, marks)]
    if "rst.injected" in ids:
        ids = [name for name in ids if name not in ("death.peer_lost_state", "rst.conntrack_invalid")]
    if signs & _BITS["one_way"] and "path.asymmetric" not in ids:
        from synfin.watch.findings.weaken import ABSENCE, SEVERE

        if any(KNOWN[name].severity in SEVERE for name in (verdict.open, verdict.close, *ids) if name in ABSENCE):
            ids.append("path.asymmetric")
    silent = {weak for name in (*ids, verdict.open, verdict.close) for weak in KNOWN[name].explains}
    return tuple(sorted((name for name in ids if name not in silent), key=_rank))


def _rank(name: str) -> tuple[bool, int]:
    return not name.startswith(("capture.", "path.asymmetric")), -severity(KNOWN[name].severity)


@lru_cache(maxsize=4096)
def undecided(key: int) -> frozenset[str]:
    """The ids that may come or go when the segments of a connection are read."""
    signs, marks = key >> 64, key & 0xFFFF_FFFF_FFFF_FFFF
    names = {name for sign, of in OPEN_QUESTIONS.items() if signs & _BITS[sign] for name in of}
    if not marks & ANY_RST:
        names.discard("rst.tls_alert_first")
    return frozenset(names | {weak for name in names for weak in _explained(name)})


@cache
def _explained(name: str) -> frozenset[str]:
    weak = KNOWN[name].explains if name in KNOWN else ()
    return frozenset(weak)


def severity(name: str) -> int:
    """A severity's place in ok, info, note, warn, error."""
    return SEVERITIES.index(name)
