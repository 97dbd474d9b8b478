"""Preferences that change what fields are shown and what they say: tshark's names and values (`-o NAME:VALUE`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from synfin.errors import UsageError

if TYPE_CHECKING:
    from synfin.dissect.context import Facts

UNKNOWN_SCALING = -1
#: Words for numbers, in the order of the numbers.
CHECK_SEQUENCES = ("None", "16-Bit", "32-Bit")
VLAN_VERSIONS = ("IEEE 802.1Q-1998", "IEEE 802.1Q-2005", "IEEE 802.1Q-2011")


class Preferences(NamedTuple):
    """What was asked for: a member for each preference, named like it with an underscore for the dot."""

    data_md5_hash: bool = False
    data_show_as_text: bool = False
    data_uncompress_data: bool = False
    eth_check_fcs: bool = False
    frame_generate_md5_hash: bool = False
    frame_show_file_off: bool = False
    icmp_favor_icmp_mpls: bool = False
    ip_check_checksum: bool = False
    ip_decode_tos_as_diffserv: bool = True
    ip_security_flag: bool = False
    ppp_fcs_type: int = 0
    tcp_analyze_sequence_numbers: bool = True
    tcp_calculate_timestamps: bool = True
    tcp_check_checksum: bool = False
    tcp_default_window_scaling: int = UNKNOWN_SCALING
    tcp_read_seq_as_syn_cookie: bool = False
    tcp_relative_sequence_numbers: bool = True
    tcp_track_bytes_in_flight: bool = True
    udp_calculate_timestamps: bool = True
    udp_check_checksum: bool = False
    udp_ignore_ipv6_zero_checksum: bool = False
    udplite_check_checksum: bool = False
    udplite_ignore_checksum_coverage: bool = True
    vlan_version: int = 2


DEFAULT = Preferences()
#: Preferences whose values are words.
WORDS = {"ppp.fcs_type": CHECK_SEQUENCES, "vlan.version": VLAN_VERSIONS}
SCALING = "tcp.default_window_scaling"
MAX_SHIFT = 14  #: RFC 7323 section 2.3


def preferences(facts: Facts | None) -> Preferences:
    """Those that were asked for; the usual ones where nothing is known of the packet."""
    return DEFAULT if facts is None else facts.preferences


def names() -> tuple[str, ...]:
    """Every preference, as it is asked for."""
    return tuple(member.replace("_", ".", 1) for member in Preferences._fields)


def parse(texts: Iterable[str]) -> Preferences:
    """What `NAME:VALUE` texts ask for, the last of a name counting; UsageError for what there is not."""
    found: dict[str, bool | int] = {}
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon:
            raise UsageError(f"a preference is NAME:VALUE, not {text!r}")
        found[_member(name.strip())] = _value(name.strip(), value.strip())
    return DEFAULT._replace(**found)  # type: ignore[arg-type]


def _member(name: str) -> str:
    if name in names():
        return name.replace(".", "_", 1)
    from difflib import get_close_matches

    near = get_close_matches(name[:80], names(), 2, 0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are {', '.join(names())}"
    raise UsageError(f"there is no preference {name!r}{hint}")


def _value(name: str, text: str) -> bool | int:
    if name in WORDS:
        for number, word in enumerate(WORDS[name]):
            if word.casefold() == text.casefold():
                return number
        raise UsageError(f"{name} is one of {', '.join(WORDS[name])}, not {text!r}")
    if name == SCALING:
        return _shift(text)
    if text.casefold() not in ("true", "false"):
        raise UsageError(f"{name} is TRUE or FALSE, not {text!r}")
    return text.casefold() == "true"


def _shift(text: str) -> int:
    """A shift, also with the words that Wireshark writes behind it: `7 (multiply by 128)`."""
    if text.casefold() == "not known":
        return UNKNOWN_SCALING
    number = text.partition(" ")[0]
    if number.isascii() and number.isdigit() and len(number) <= 2 and int(number) <= MAX_SHIFT:
        return int(number)
    raise UsageError(f"{SCALING} is 'Not known' or a shift from 0 to {MAX_SHIFT}, not {text!r}")
