"""Where an end of the wire lives: a network namespace with its device, its capture and the kernel's own word."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from synfin.capture.interfaces import bring_up
from synfin.capture.live import Sniffer
from synfin.errors import SynfinError, UsageError
from synfin.lab.namespace import PlaceRefused
from synfin.lab.rig import device
from synfin.lab.rig.diag import Diag, Obituaries

_CLONE_NEWNET = 0x40000000
_NFT_LIMIT_S = 20.0
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


@dataclass(slots=True)
class Ground:
    """One namespace; `tun` is None on loopback. Files of it stay usable from outside the namespace."""

    name: str  #: client or server; both on loopback
    address: str
    namespace: int  #: to go back to it
    tun: int | None
    sniffer: Sniffer
    diag: Diag
    obituaries: Obituaries
    raw: socket.socket  #: sends whole IP packets from this machine


def settle(
    name: str, address: str, mtu: int | None, sysctls: Mapping[str, int | str], firewall: Sequence[str]
) -> Ground:
    """Furnish the present namespace; with `mtu` None there is no device, only loopback."""
    bring_up("lo")
    tun = None
    if mtu is not None:
        try:
            tun = device.make(address, mtu)
        except OSError as error:
            raise PlaceRefused("wire", "a TUN device of /dev/net/tun", error.strerror or "") from error
    for key, value in sysctls.items():
        set_sysctl(key, value)
    if firewall:
        filter_packets(firewall)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.IPPROTO_RAW)
    return Ground(
        name=name,
        address=address,
        namespace=os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC),
        tun=tun,
        sniffer=Sniffer(device.NAME if tun is not None else "lo"),
        diag=Diag(),
        obituaries=Obituaries(),
        raw=raw,
    )


def another_namespace() -> None:
    """Move on to a fresh network namespace of the same owner."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET):
        number = ctypes.get_errno()
        raise PlaceRefused("wire", "unshare(CLONE_NEWNET) for the second end", os.strerror(number))


def go_to(namespace: int) -> None:
    """Move this process into a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def set_sysctl(key: str, value: int | str) -> None:
    """Set net.ipv4.KEY of the present namespace; a UsageError where this kernel has none."""
    path = Path("/proc/sys/net/ipv4") / key
    try:
        path.write_text(str(value))
    except OSError as error:
        raise UsageError(f"this kernel does not take net.ipv4.{key}={value}: {error.strerror}") from error


def filter_packets(rules: Sequence[str]) -> None:
    """Load rules of nftables in place of those before, each a chain (`input` or `output`) and what follows it."""
    program = shutil.which("nft", path=_PATH)
    if program is None:
        raise SynfinError("this scenario needs nft: apt-get install nftables")
    lines = [
        "add table ip lab",
        "delete table ip lab",
        "table ip lab {",
        *_chain("input", rules),
        *_chain("output", rules),
        "}",
    ]
    answer = subprocess.run(
        [program, "-f", "-"], input="\n".join(lines), capture_output=True, text=True, timeout=_NFT_LIMIT_S, check=False
    )
    if answer.returncode != 0:
        raise SynfinError(f"nft refused the rules: {answer.stderr.strip()}")


def _chain(hook: str, rules: Sequence[str]) -> list[str]:
    own = [rule.removeprefix(hook) for rule in rules if rule.startswith(f"{hook} ")]
    return [f"chain {hook} {{", f"type filter hook {hook} priority 0;", *own, "}"]
