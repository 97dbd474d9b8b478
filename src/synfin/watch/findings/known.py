"""Every finding's severity and reference, and which weaker ones it explains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from synfin.watch.connections.record import Finding

Numbers = dict[str, int | float | str]

SEVERITIES = ("ok", "info", "note", "warn", "error")  #: the worst last


class Known(NamedTuple):
    severity: str  #: ok, info, note, warn, error
    reference: str
    explains: tuple[str, ...] = ()  #: ids that say nothing more where this one stands


KNOWN = {
    "open.normal": Known("ok", "RFC 9293 §3.5"),
    "open.tfo": Known("ok", "RFC 7413"),
    "open.simultaneous": Known("note", "RFC 9293 §3.5 (simultaneous open figure)"),
    "open.no_answer": Known("error", "RFC 9293 §3.8.3; Linux tcp_syn_retries", ("loss.rto",)),
    "open.syn_backoff": Known(
        "info", "RFC 6298 §2 (initial RTO 1 s); Linux sysctl tcp_syn_retries, tcp_syn_linear_timeouts"
    ),
    "open.refused": Known("error", "RFC 9293 §3.5.2 group 1; Linux SK_RST_REASON_NO_SOCKET; errno ECONNREFUSED"),
    "open.icmp_rejected": Known("error", "RFC 9293 §3.9.2.2; RFC 5927; RFC 1122 §3.2.2.1"),
    "open.syn_retransmitted": Known("warn", "RFC 6298; Linux TCPSynRetrans"),
    "open.synack_retransmitted": Known("warn", "RFC 9293 §3.8.1; Linux tcp_synack_retries=5"),
    "open.synack_retransmitted_after_ack": Known(
        "warn",
        "Linux tcp_check_req/listen_overflow, TCP_DEFER_ACCEPT; RFC 9293 §3.10.7.4",
        ("open.synack_retransmitted", "latency.client"),
    ),
    "open.established_but_server_silent": Known(
        "error",
        "Linux ListenOverflows/ListenDrops, tcp_abort_on_overflow=0; RFC 9293 §3.10.7.4",
        (
            "loss.rto",
            "loss.tlp",
            "loss.retransmission_storm",
            "death.peer_silent",
            "death.peer_lost_state",
            "idle.middlebox_forgot",
            "open.synack_retransmitted_after_ack",
        ),
    ),
    "open.half_open": Known("warn", "RFC 4987; RFC 9293 §3.5.1"),
    "open.rejected_by_client": Known("warn", "RFC 9293 §3.5.2; Zeek RSTOS0-like; Linux NO_SOCKET"),
    "open.probe_rst": Known("note", 'SO_LINGER{1,0}; Cloudflare "Post-ACK" stage'),
    "open.syn_missing": Known("info", 'Zeek "unsolicited_SYN_response"'),
    "open.unsolicited_synack": Known("warn", "RFC 9293 §3.5.2 group 2/1; Linux NO_SOCKET"),
    "open.stale_connection_ack": Known(
        "warn",
        "RFC 5961 §4, RFC 6191, RFC 9293 §3.6.1 (TIME-WAIT reopen MAY-2); Linux TCPSYNChallenge, RST reason "
        "TCP_INVALID_ACK_SEQUENCE",
        ("open.syn_retransmitted", "open.tuple_reused", "rst.injected", "loss.rto"),
    ),
    "open.tuple_reused": Known("info", "RFC 6191; Linux tcp_tw_reuse; Wireshark tcp.analysis.reused_ports"),
    "open.midstream": Known("info", "Zeek OTH/partial; RFC 7323 §2.2 (scale only in SYN)"),
    "close.fin_4seg": Known("ok", "RFC 9293 §3.6 (normal close figure)"),
    "close.fin_3seg": Known("ok", "RFC 9293 §3.6; Linux delayed ACK"),
    "close.simultaneous": Known("ok", "RFC 9293 §3.6 (simultaneous close figure)"),
    "close.half_close_data": Known("info", "RFC 9293 §3.6.1"),
    "close.fin_unanswered": Known("warn", "RFC 9293 §3.6; there is no kernel timeout for CLOSE_WAIT"),
    "close.close_wait_lag": Known("note", "RFC 9293 §3.6; Linux tcp_fin_timeout=60"),
    "close.fin_retransmitted": Known("note", "RFC 9293 §3.8.1; TIME_WAIT exists for this"),
    "close.finwait2_expired": Known(
        "warn",
        "Linux tcp_fin_timeout, TCP_LINGER2; RST reason NO_SOCKET",
        ("close.fin_unanswered", "close.close_wait_lag"),
    ),
    "close.abort": Known("error", "RFC 9293 §3.6 ABORT, RFC 2525 §2.17; Linux tcp_send_active_reset"),
    "close.unread_data_likely": Known("warn", "RFC 2525 §2.17, RFC 9293 §3.6; Linux LINUX_MIB_TCPABORTONCLOSE"),
    "app.write_after_peer_close": Known(
        "error", "RFC 9293 §3.6.1, RFC 1122 §4.2.2.13; Linux TCP_ABORT_ON_DATA / TCP_TIMEWAIT_SOCKET"
    ),
    "close.request_crossed_fin": Known("error", "RFC 9112 §9.5; nodejs/node#20256, #27363"),
    "close.rst_after_peer_fin": Known("note", "Linux TCP_ABORT_ON_CLOSE, TCP_STATE"),
    "close.still_open": Known("info", "Zeek S1"),
    "death.peer_silent": Known(
        "error",
        "RFC 9293 §3.8.3, RFC 5482; Linux TCPAbortOnTimeout, tcp_retries2",
        ("loss.rto", "loss.tlp", "loss.retransmission_storm"),
    ),
    "idle.middlebox_forgot": Known(
        "error",
        "RFC 5382 REQ-5; encode/httpx#2975 (AWS NAT 350 s), cockroachdb/cockroach#13823",
        ("death.peer_silent", "loss.rto", "loss.tlp", "loss.retransmission_storm"),
    ),
    "death.keepalive": Known(
        "error", "RFC 9293 §3.8.4; Linux tcp_keepalive_{time,intvl,probes}=7200/75/9", ("idle.keepalive",)
    ),
    "idle.keepalive": Known("info", "RFC 9293 §3.8.4"),
    "death.peer_lost_state": Known("error", "RFC 9293 §3.5.1 half-open discovery; Linux NO_SOCKET"),
    "rst.injected": Known(
        "error",
        "RFC 9293 §3.5.3, RFC 5961 §3; Weaver/Sommer/Paxson NDSS 2009; Suricata suspected_rst_inject; Cloudflare "
        "Radar stages",
        ("death.peer_lost_state", "close.unread_data_likely", "rst.conntrack_invalid"),
    ),
    "rst.conntrack_invalid": Known(
        "error",
        "kubernetes/kubernetes#74839, #117924; moby/libnetwork#1090; distribution/distribution#785",
        ("death.peer_lost_state",),
    ),
    "rst.ignored_challenge_ack": Known("note", "RFC 5961 §3,§4; Linux TCPChallengeACK, TCPSYNChallenge"),
    "rst.tls_alert_first": Known("warn", "RFC 8446 §6", ("app.write_after_peer_close", "close.unread_data_likely")),
    "loss.rto": Known("warn", "RFC 6298; Linux TCPTimeouts"),
    "loss.fast_retransmit": Known("note", "RFC 5681 §3.2, RFC 6675, RFC 8985"),
    "loss.tlp": Known("note", "RFC 8985 §7; Linux TCPLossProbes"),
    "loss.spurious_retransmission": Known("note", "RFC 2883, RFC 5682 (F-RTO); Linux TCPDSACKRecv, TCPSpuriousRTOs"),
    "loss.retransmission_storm": Known("error", "RFC 5681", ("loss.rto", "loss.fast_retransmit", "loss.tlp")),
    "path.reordering": Known("note", "RFC 4737, RFC 8985"),
    "path.mtu_blackhole": Known(
        "error",
        "RFC 2923 §2.1, RFC 4821, RFC 8899; linuxserver/docker-wireguard#166, moby#12565, Start9Labs#3262",
        (
            "loss.rto",
            "loss.tlp",
            "loss.retransmission_storm",
            "death.peer_silent",
            "capture.missing_segments",
            "open.established_but_server_silent",
            "close.unread_data_likely",
        ),
    ),
    "path.pmtu_icmp": Known("info", "RFC 1191, RFC 8201", ("loss.rto",)),
    "path.asymmetric": Known("warn", "Zeek possible_split_routing", ("capture.missing_segments", "open.half_open")),
    "window.zero_stall": Known(
        "warn", "RFC 9293 §3.8.6; Linux TCPToZeroWindowAdv", ("window.zero_probe", "window.full", "loss.tlp")
    ),
    "window.zero_probe": Known("info", "RFC 9293 §3.8.6.1; Linux TCPWinProbe"),
    "window.update_lost_or_late": Known("warn", "RFC 9293 §3.8.6.2"),
    "window.full": Known("info", "RFC 7323 §1.1; Linux tcp_rmem"),
    "window.scale_mismatch": Known(
        "error", "RFC 7323 §2.2-2.4", ("window.full", "app.nagle_delayed_ack", "app.silly_window")
    ),
    "app.nagle_delayed_ack": Known("warn", "RFC 9293 §3.7.4, RFC 1122 §4.2.3.2"),
    "latency.wire": Known("note", "definition"),
    "latency.client": Known("note", "definition"),
    "latency.server": Known("warn", "definition"),
    "app.silly_window": Known("note", "RFC 9293 §3.8.6.2, RFC 813"),
    "capture.duplicates": Known("info", "RFC 6864; blog.packet-foo.com 2015/03"),
    "capture.offload_segments": Known("info", "wiki.wireshark.org CaptureSetup/Offloading"),
    "capture.checksum_offload": Known("info", "Linux CHECKSUM_PARTIAL; wiki.wireshark.org CaptureSetup/Offloading"),
    "capture.bad_checksum": Known("warn", "RFC 9293 §3.1 (MUST-2/3)"),
    "capture.missing_segments": Known("info", "Wireshark ack_lost_segment / lost_segment; Zeek 'g'"),
    "capture.one_way": Known("warn", "", ("path.asymmetric",)),
    "fleet.time_wait_pressure": Known("warn", "RFC 9293 §3.4.1 / MSL, RFC 6191; grpc#5582, FrameworkBenchmarks#4092"),
    "fleet.syn_flood_or_overflow": Known("error", "RFC 4987; Linux sk_acceptq_is_full, tcp_syncookies"),
    "fleet.scan": Known("warn", "Zeek scan policy idea"),
    "fleet.server_restarted": Known("error", "RFC 9293 §3.5.1"),
    "close.never_opened": Known("info", "RFC 9293 §3.5"),
    "close.rst_reply": Known("error", "RFC 9293 §3.5.2 group 2/3; Linux NO_SOCKET"),
    "close.rst_after_own_fin": Known("note", "RFC 1122 §4.2.2.13"),
    "close.silent_death": Known("error", "RFC 9293 §3.8.3"),
    "close.keepalive_timeout": Known("error", "RFC 9293 §3.8.4; Linux KEEPALIVE_TIMEOUT"),
    "close.fin_incomplete": Known("note", "RFC 9293 §3.6"),
    "open.pending": Known("info", "RFC 9293 §3.5"),
}


def finding(
    name: str,
    who: str,
    frames: Sequence[int],
    numbers: Numbers | None = None,
    *,
    likely: bool = False,
    severity: str = "",
) -> Finding:
    """A finding; frames in order, each once. `severity` where it is another than the usual one."""
    from synfin.watch.connections.record import Finding  # not needed to print records

    known = KNOWN[name]
    confidence = "likely" if likely else "certain"
    return Finding(
        name, severity or known.severity, who, tuple(dict.fromkeys(frames)), numbers or {}, confidence, known.reference
    )


def unexplained(found: Sequence[Finding], beside: Sequence[Finding]) -> list[Finding]:
    """What remains of `found` when the strong ones, and those `beside` it, have spoken for the weak ones."""
    silent = {name for one in (*found, *beside) for name in KNOWN[one.id].explains}
    return [one for one in found if one.id not in silent]
