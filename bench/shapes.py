"""The captures that the benchmarks read: generated once, some as another form of the same packets."""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import generate
from traffic.files import Batch, PcapFile, PcapngFile

GENERATE = Path(__file__).with_name("generate.py")
_VLAN_TAG = b"\x81\x00\x00\x64"
_BATCH = 16384


@dataclass(frozen=True)
class Shape:
    """One capture: generated with `options`, or made of another shape."""

    name: str  #: of the file
    packets: int = 0  #: wanted, in thousands
    options: tuple[str, ...] = ()
    source: str = ""  #: the shape whose packets it has


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("long-small.pcap", 4200, ("--mix", "small", "--concurrent", "2000")),
        Shape("long-mixed.pcap", 2200, ("--mix", "mixed", "--concurrent", "2000")),
        Shape("many-small.pcap", 1600, ("--mix", "small", "--concurrent", "20000")),
        Shape("many-mixed.pcap", 1200, ("--mix", "mixed", "--concurrent", "20000")),
        Shape("small.pcap", 1600, ("--mix", "small", "--concurrent", "2000")),
        Shape("mixed.pcap", 1200, ("--mix", "mixed", "--concurrent", "2000")),
        Shape("part-small.pcap", 160, ("--mix", "small", "--concurrent", "2000")),
        Shape("part-mixed.pcap", 120, ("--mix", "mixed", "--concurrent", "2000")),
        Shape("alive-1k.pcap", 1600, ("--mix", "short", "--concurrent", "1000")),
        Shape("alive-200k.pcap", 1600, ("--mix", "short", "--concurrent", "200000", "--pause-ms", "60000")),
        Shape("ipv4.pcap", 1000, ("--mix", "small", "--concurrent", "2000", "--ipv6", "0")),
        Shape("ipv6.pcap", 1000, ("--mix", "small", "--concurrent", "2000", "--ipv6", "1")),
        Shape("ipv4.pcapng", source="ipv4.pcap"),
        Shape("vlan.pcap", source="ipv4.pcap"),
        Shape("small.pcap.gz", source="small.pcap"),
        Shape("tiny.pcap", 0, ("--mix", "small", "--concurrent", "1")),
        Shape("big.pcap", 4200, ("--mix", "mixed", "--concurrent", "20000")),
    )
}


@dataclass
class Captures:
    """The captures of a folder, made when they are first asked for."""

    folder: Path
    scale: float = 1.0
    made: dict[str, str] = field(default_factory=dict)  #: name to how it was made

    def path(self, name: str) -> Path:
        """The file, made where it is not there yet."""
        file = self.folder / name
        if name not in self.made:
            shape = SHAPES[name]
            self.made[name] = self._convert(shape, file) if shape.source else self._generate(shape, file)
        return file

    def packets(self, name: str) -> int:
        """How many packets it holds."""
        origin = SHAPES[name].source or name
        self.path(origin)
        return int(json.loads((self.folder / origin).with_suffix(".truth.json").read_text())["packets"])

    def _generate(self, shape: Shape, file: Path) -> str:
        wanted = max(int(shape.packets * 1000 * self.scale), 1)
        options = [*shape.options, "--packets", str(wanted), "--seed", "1"]
        if "--concurrent" in options and self.scale < 1:
            at = options.index("--concurrent") + 1
            options[at] = str(max(int(int(options[at]) * self.scale), 1))
        if _made_by(file) != vars(generate.parser().parse_args([str(file), *options])) | {"file": None}:
            command = [sys.executable, str(GENERATE), str(file), *options]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return f"bench/generate.py {shape.name} {' '.join(options)}"

    def _convert(self, shape: Shape, file: Path) -> str:
        source = self.path(shape.source)
        how, convert = _CONVERSIONS[shape.name]
        if not file.exists() or file.stat().st_mtime < source.stat().st_mtime:
            convert(source, file)
        return f"{shape.source}, {how}"


def _made_by(file: Path) -> dict[str, object]:
    """The options that a capture was generated with; none where it is not there."""
    truth = file.with_suffix(".truth.json")
    if not truth.exists():
        return {}
    made_by: dict[str, object] = json.loads(truth.read_text())["made_by"]
    return made_by | {"file": None}


def _records(file: Path) -> Iterator[Batch]:
    """The packets of a capture that `PcapFile` has written."""
    head = struct.Struct("<IIII")
    with file.open("rb") as stream:
        stream.read(24)
        batch: list[tuple[int, bytes]] = []
        while start := stream.read(head.size):
            seconds, micros, size, _ = head.unpack(start)
            batch.append((seconds * 1_000_000_000 + micros * 1000, stream.read(size)))
            if len(batch) == _BATCH:
                yield batch
                batch = []
        yield batch


def _to_pcapng(source: Path, file: Path) -> None:
    with file.open("wb") as out:
        capture = PcapngFile(out)
        for batch in _records(source):
            capture.write(batch)


def _to_vlan(source: Path, file: Path) -> None:
    with file.open("wb") as out:
        capture = PcapFile(out)
        for batch in _records(source):
            capture.write([(time_ns, frame[:12] + _VLAN_TAG + frame[12:]) for time_ns, frame in batch])


def _to_gzip(source: Path, file: Path) -> None:
    with source.open("rb") as stream, gzip.open(file, "wb", compresslevel=6) as out:
        while chunk := stream.read(1 << 20):
            out.write(chunk)


_CONVERSIONS: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "ipv4.pcapng": ("the same packets as pcapng", _to_pcapng),
    "vlan.pcap": ("the same packets with a VLAN tag", _to_vlan),
    "small.pcap.gz": ("compressed with gzip -6", _to_gzip),
}
