"""The command lines that are given to both programs, and by which rule their answers are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TIMES = ("a", "ad", "adoy", "d", "dd", "e", "r", "u", "ud", "udoy")
_CELLS = (
    "frame.number", "frame.time", "frame.time_delta", "eth.addr", "ip.addr", "ipv6.addr", "ip.proto", "tcp.port",
    "tcp.flags", "tcp.flags.str", "tcp.option_kind", "tcp.options.mss_val", "tcp.analysis.retransmission", "tcp.stream",
    "udp.port", "frame.comment",
)  # fmt: skip
#: values of -E, together
LAYOUTS = (
    (), ("header=y",), ("header=y", "bom=y"), ("bom=y",), ("separator=,", "quote=d"), ("separator=/s", "quote=s"),
    ("separator=|", "occurrence=f"), ("occurrence=l", "header=y", "separator=;"), ("aggregator=/s",),
    ("aggregator=;", "quote=d", "header=y", "separator=,"), ("quote=n", "occurrence=a"),
)  # fmt: skip
_NODES = (
    "ip tcp udp", "frame eth ip ip.flags ip.dsfield", "tcp tcp.flags", "tcp.flags",
    "tcp tcp.options tcp.options.mss text",
    "tcp Timestamps", "arp icmp icmp.checksum", "nosuch",
)  # fmt: skip
_FOLLOWED = ("ascii", "hex", "raw", "yaml", "ebcdic")
STREAMS = 5  #: of each capture that are followed in every form
#: which packets -w keeps
_KEPT = ("", "tcp", "tcp.flags.syn == 1 or udp or arp", "frame.number in {2, 3, 5 .. 9}", "not ip")


@dataclass(frozen=True, slots=True)
class Case:
    """One command line, without the capture."""

    name: str
    options: tuple[str, ...]
    rule: str  #: a name of compare.RULES


def cases(streams: int) -> Iterator[list[Case]]:
    """Those of a capture with so many TCP streams, in groups of which one alone tells much of the others."""
    times = [Case(f"-t {kind}", ("-t", kind, "-T", "tabs"), "columns") for kind in TIMES]
    yield times[:5]
    yield times[5:]
    yield [Case("text", ("-T", "text"), "lines"), Case("text -Y", ("-t", "dd", "-Y", "tcp.len > 0 or udp"), "lines")]
    yield [Case("-x", ("-x",), "bytes"), Case("-P -x", ("-P", "-x", "-Y", "tcp.flags.fin == 1"), "blocks")]
    yield list(_of_fields())
    yield list(_of_nodes("json"))
    yield list(_of_nodes("ek"))
    first = ("-c", "7", "-T", "fields", "-e", "frame.number")
    yield [Case("-c", first, "same"), Case("-c -Y", (*first, "-Y", "tcp.len > 0 or udp"), "same")]
    yield [_pairs(streams)]
    yield [Case("-z io,phs", _several(["io,phs", "io,phs,tcp"]), "hierarchy")]
    yield list(_intervals())
    yield [
        Case("-z expert", ("-q", "-z", "expert"), "notes"),
        Case("-z expert,note", _several(["expert,note,tcp"]), "notes"),
    ]
    yield [Case(f"-w {chosen}".strip(), ("-Y", chosen) if chosen else (), "file") for chosen in _KEPT]


def _of_fields() -> Iterator[Case]:
    asked = tuple(word for name in _CELLS for word in ("-e", name))
    for layout in LAYOUTS:
        options = tuple(word for one in layout for word in ("-E", one))
        yield Case(f"fields {' '.join(layout)}".strip(), ("-T", "fields", *asked, *options), "same")


def _of_nodes(form: str) -> Iterator[Case]:
    for names in _NODES:
        yield Case(f"{form} -j {names}", ("-T", form, "-j", names), form)
    yield Case(f"{form} -J", ("-T", form, "-J", "eth ip ipv6 tcp"), form)
    asked = ("-e", "ip.addr", "-e", "tcp.port", "-e", "tcp.flags.syn", "-e", "frame.time", "-e", "tcp.analysis.flags")
    yield Case(f"{form} -e", ("-T", form, *asked), form)


def _pairs(streams: int) -> Case:
    asked = [f"{table},{one}" for table in ("conv", "endpoints") for one in ("eth", "ip", "ipv6", "tcp", "udp")]
    asked += ["conv,tcp,tcp.len > 0", "conv,ip,udp", "endpoints,tcp,tcp.flags.syn == 1", "conv,udp,"]
    asked += [f"follow,tcp,{form},{number}" for number in range(min(streams, STREAMS)) for form in _FOLLOWED]
    asked += ["follow,tcp,ascii,0,2", "follow,tcp,hex,0,2-4", f"follow,tcp,raw,{streams}", "follow,udp,hex,0"]
    return Case("-z", _several(asked), "sections")


def _intervals() -> Iterator[Case]:
    asked = ["io,stat,1,ip,tcp", "io,stat,0", "io,stat,0.25,tcp.len > 0,COUNT(tcp.len)tcp.len,SUM(tcp.len)tcp.len"]
    asked += ["io,stat,10,AVG(tcp.len)tcp.len,MIN(frame.time_delta)frame.time_delta,MAX(tcp.len)tcp.len,BYTES()udp"]
    for one in asked:
        yield Case(f"-z {one}", ("-q", "-z", one), "intervals")
    yield Case("-z io,stat,1 -t ad", ("-q", "-t", "ad", "-z", "io,stat,1"), "intervals")


def _several(asked: Sequence[str]) -> tuple[str, ...]:
    return ("-q", *(word for one in asked for word in ("-z", one)))
