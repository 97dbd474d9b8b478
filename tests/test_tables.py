"""Tables: their values are those of `conns --json` and `packets -T fields`, and every reader of Arrow reads them."""

from __future__ import annotations

import csv
import gc
import io
import itertools
import json
import subprocess
import sys
import weakref
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needs
import synfin
from command import synfin as run
from synfin.capture.columns import CODES, Column, Plain, bitmap
from synfin.capture.pcap import PcapWriter
from synfin.capture.reader import open_capture
from synfin.capture.table import ROWS, Part, Table
from synfin.dissect import fields
from synfin.dissect.context import Facts
from synfin.errors import UnreadableInput
from synfin.watch.connections.connection_table import COLUMNS as CONNECTION_COLUMNS
from synfin.watch.follow.analysis import Analysis
from synfin.watch.packets import one_pass, packet_rows
from synfin.watch.packets.annotate import annotated
from synfin.watch.packets.one_pass import write_once
from synfin.watch.packets.packet_table import COLUMNS as PACKET_COLUMNS
from synfin.wire.frame import Frame

DATA = Path(__file__).parent / "data"
RECORDED = sorted(str(path) for path in DATA.glob("*.pcapng"))
LARGEST = 1_000_000  #: bytes of a capture that is compared row by row


def flat(record: dict[str, Any], prefix: str = "conn.") -> dict[str, Any]:
    """A record's values by the names of the columns."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        found.update(flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value})
    return found


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table, its start as the record shows it."""
    start = row["conn.start"]
    return {**row, "conn.start": f"{start.replace(tzinfo=None).isoformat()}Z"}


# --- values -----------------------------------------------------------------------------------------------------------


def test_connection_columns_are_the_names_of_the_record() -> None:
    record = synfin.read(RECORDED[0])[0].to_dict()
    assert [column.name for column in CONNECTION_COLUMNS] == list(flat(record)), "a name of the record has no column"


def test_connection_values_are_those_of_the_json_document() -> None:
    records = json.loads(run("conns", "--json", *RECORDED).out)["connections"]
    table = pyarrow.table(synfin.read(*RECORDED).connections)
    rows = [shown(row) for row in table.to_pylist()]
    assert [{**row, "conn.start": row["conn.start"][:19]} for row in rows] == [
        {**flat(record), "conn.start": record["start"][:19]} for record in records
    ]
    assert table["conn.start"].cast(pyarrow.int64()).to_pylist() == [record["start_ns"] for record in records]


def fields_of(path: str) -> list[tuple[Any, ...]]:
    """What `packets -T fields` says of every frame, for the columns that are fields; quoted headers have no numbers."""
    names = [column.name for column in PACKET_COLUMNS if column.name in fields.all_fields()]
    rows = []
    for frame, facts in annotated([path]):
        row: dict[str, Any] = {name: innermost(name, frame, facts) for name in names}
        if frame.segment is None:
            row.update({name: None for name in names if name.startswith("tcp.")})
            row["tcp.stream"], row["tcp.completeness"] = facts.stream, facts.completeness
        rows.append(tuple(row.values()))
    return rows


def innermost(name: str, frame: Frame, facts: Facts) -> Any:
    """The last value of a field; addresses are texts in the table."""
    field = fields.lookup(name)
    found = field.load(frame, facts)
    if not found:
        return None
    return field.show(found[-1]) if name.startswith(("ip.src", "ip.dst", "ipv6.src", "ipv6.dst")) else found[-1]


def table_of(table: Table) -> list[tuple[Any, ...]]:
    """The same columns of a table of packets."""
    places = [place for place, column in enumerate(table.columns) if column.name in fields.all_fields()]
    return [tuple(row[place] for place in places) for row in table.rows()]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: Path(path).stem)
def test_packet_values_are_those_of_the_fields(path: str) -> None:
    capture = synfin.read(path)
    assert table_of(capture.packets) == fields_of(path)
    assert len(capture.packets) == len(fields_of(path))


def small_captures(folder: Path) -> list[str]:
    truth = folder / "expected" / "tshark"
    names = sorted(str(path.relative_to(truth))[: -len(".tsv.xz")] for path in truth.glob("*/*.tsv.xz"))
    return [str(folder / name) for name in names if (folder / name).stat().st_size < LARGEST]


def same(parts: list[Part], rows: int) -> Iterator[Part]:
    return iter(parts)


def wrapped(row: Sequence[Any]) -> tuple[Any, ...]:
    """A row whose times have 64 bits, as a table's have."""
    pairs = zip(row, PACKET_COLUMNS, strict=True)
    return tuple(
        v if v is None or column.kind not in ("time", "i64") else (v + 2**63) % 2**64 - 2**63 for v, column in pairs
    )


def test_both_cores_fill_the_columns_alike_on_every_capture(captures_dir: Path) -> None:
    needs.have("kernels")
    compared = 0
    for path in small_captures(captures_dir):
        try:
            capture = synfin.read(path)
        except UnreadableInput:
            continue
        readable = packet_rows.parts(annotated([path], fields=["conn.conn"]), ROWS)
        theirs_too = Table(PACKET_COLUMNS, partial(same, list(readable)), lambda: 0).rows()
        for ours, theirs in itertools.zip_longest(capture.packets.rows(), theirs_too):
            assert ours == wrapped(theirs), f"{path}: frame {ours[0]}"
            compared += 1
        needs.captures_ran(path)
    assert compared > 10_000


def test_packet_values_are_those_of_the_fields_on_every_capture(captures_dir: Path) -> None:
    for path in small_captures(captures_dir):
        try:
            capture = synfin.read(path)
        except UnreadableInput:
            continue
        assert len(capture.packets) == sum(1 for _ in open_capture(path))
        for ours, theirs in itertools.zip_longest(table_of(capture.packets), fields_of(path)):
            if theirs[1] is None or abs(theirs[1]) < 2**63:
                assert ours == theirs, f"{path}: frame {theirs[0]}"


def test_analysis_bits_are_the_flags_of_that_name() -> None:
    table = synfin.read(*RECORDED).packets
    names = [column.name for column in table.columns]
    bits = [row[names.index("synfin.analysis")] for row in table.rows()]
    said = [facts.analysis for _, facts in annotated(RECORDED)]
    assert bits == [sum(Analysis[name.upper()] for name in flags) for flags in said]


def test_who_sent_a_packet_is_known_from_the_records() -> None:
    capture = synfin.read(*RECORDED)
    names = capture.packets.column_names
    sent = [(row[names.index("synfin.conn")], row[names.index("synfin.from_client")]) for row in capture.packets.rows()]
    for connection in capture:
        assert sent.count((connection.conn, True)) == connection.client.packets
        assert sent.count((connection.conn, False)) == connection.server.packets


# --- readers ----------------------------------------------------------------------------------------------------------


def test_pyarrow_reads_both_tables() -> None:
    capture = synfin.read(*RECORDED)
    connections, packets = pyarrow.table(capture.connections), pyarrow.table(capture.packets)
    assert connections.schema.field("conn.start").type == pyarrow.timestamp("ns", "UTC")
    assert connections.schema.field("conn.client.states_seen").type == pyarrow.list_(pyarrow.string())
    assert pyarrow.types.is_dictionary(connections.schema.field("conn.close").type)
    assert connections["conn.close"].to_pylist() == [one.close for one in capture]
    assert packets["frame.number"].to_pylist() == list(range(1, len(capture.packets) + 1))
    assert pyarrow.schema(capture.packets) == packets.schema


def test_polars_reads_both_tables() -> None:
    capture = synfin.read(*RECORDED)
    connections, packets = polars.DataFrame(capture.connections), polars.DataFrame(capture.packets)
    assert connections["conn.close"].to_list() == [one.close for one in capture]
    assert connections["conn.handshake_rtt_ns"].to_list() == [one.handshake_rtt_ns for one in capture]
    assert packets["tcp.len"].sum() == sum(one.client.payload_bytes + one.server.payload_bytes for one in capture)


def test_duckdb_reads_both_tables() -> None:
    capture = synfin.read(*RECORDED)
    connections, packets = capture.connections, capture.packets
    with duckdb.connect() as database:
        database.register("connections", connections)
        database.register("packets", packets)
        rows = database.sql(
            'select "conn.close", count(*), sum("tcp.len") from connections '
            'join packets on "conn.conn" = "synfin.conn" group by "conn.conn", "conn.close" order by "conn.conn"'
        ).fetchall()
    expected = [
        (one.close, one.client.packets + one.server.packets, one.client.payload_bytes + one.server.payload_bytes)
        for one in capture
    ]
    assert rows == expected


def test_pandas_reads_both_tables() -> None:
    capture = synfin.read(*RECORDED)
    connections = pandas.DataFrame.from_arrow(capture.connections)
    packets = pandas.DataFrame.from_arrow(capture.packets)
    assert list(connections["conn.close"]) == [one.close for one in capture]
    assert connections["conn.start"].dtype == "datetime64[ns, UTC]"
    assert packets.groupby("synfin.conn")["frame.len"].sum().tolist() == [
        one.client.wire_bytes + one.server.wire_bytes for one in capture
    ]


# --- in pieces --------------------------------------------------------------------------------------------------------


def test_batches_are_the_table_in_pieces() -> None:
    capture = synfin.read(*RECORDED)
    for table in (capture.connections, capture.packets):
        pieces = list(table.batches(rows=4))
        assert {len(piece) for piece in pieces[:-1]} == {4} and sum(map(len, pieces)) == len(table)
        joined = pyarrow.concat_tables([pyarrow.table(piece) for piece in pieces], promote_options="permissive")
        assert joined.to_pylist() == pyarrow.table(table).to_pylist()
        assert polars.DataFrame(pieces[0]).height == pyarrow.record_batch(pieces[0]).num_rows == 4
    with pytest.raises(ValueError, match="at least 1"):
        capture.packets.batches(rows=0)


def test_a_stream_makes_a_batch_when_it_is_asked_for_and_lets_go_when_it_is_dropped() -> None:
    made: list[int] = []

    class Rows(list[int]):
        pass

    def parts(rows: int) -> Any:
        for number in range(5):
            made.append(number)
            yield Part(2, [Rows([number, number])])

    reader = pyarrow.RecordBatchReader.from_stream(Table([Column("n", "u32")], parts, lambda: 10))
    assert made == []
    assert reader.read_next_batch().to_pydict() == {"n": [0, 0]} and made == [0]
    source = weakref.ref(reader)
    del reader
    gc.collect()
    assert source() is None and made == [0]


def test_an_error_while_a_stream_is_read_reaches_the_reader() -> None:
    def parts(rows: int) -> Any:
        yield Part(1, [[1]])
        raise UnreadableInput("the file went away")

    with pytest.raises(Exception, match="the file went away"):
        pyarrow.table(Table([Column("n", "u32")], parts, lambda: 2))


PEAK_KIB = """
import re, sys, synfin
capture = synfin.read(sys.argv[1])
rows = sum(len(batch) for batch in capture.packets.batches() if batch.__arrow_c_array__())
print(rows, re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
"""


def repeated(source: Path, output: Path, times: int) -> Path:
    """A pcap file with the frames of a capture after its handshake so many times: no connection begins in it."""
    whole = io.BytesIO()
    with open_capture(str(source)) as reader:
        writer = PcapWriter(whole, 1)
        for packet in islice(reader, 3, None):
            writer.write(packet)
    header, frames = whole.getvalue()[:24], whole.getvalue()[24:]
    output.write_bytes(header + frames * times)
    return output


def test_packets_in_batches_take_the_memory_of_a_batch(tmp_path: Path) -> None:
    needs.have("kernels")
    peaks = []
    for times in (30_000, 90_000):
        capture = repeated(DATA / "textbook.pcapng", tmp_path / "long.pcap", times)
        done = subprocess.run(
            [sys.executable, "-c", PEAK_KIB, str(capture)], capture_output=True, text=True, timeout=120, check=True
        )
        rows, peak_kib = map(int, done.stdout.split())
        assert rows == 6 * times
        peaks.append(peak_kib)
    assert peaks[1] - peaks[0] < 8_000, "360,000 packets more need more memory: 44 bytes a packet would be 16,000 KiB"


def test_an_empty_capture_has_empty_tables(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    capture = synfin.read(empty)
    assert (len(capture), len(capture.packets), list(capture)) == (0, 0, [])
    assert pyarrow.table(capture.packets).num_rows == polars.DataFrame(capture.connections).height == 0
    assert pyarrow.table(capture.connections).column_names == capture.connections.column_names


@given(st.lists(st.booleans(), max_size=200))
def test_a_bitmap_has_a_bit_for_each_byte(flags: list[bool]) -> None:
    packed = int.from_bytes(bitmap(bytes(flags)), "little")
    assert [bool(packed >> place & 1) for place in range(len(flags))] == flags


TEXT = st.text("aß中😀\0", max_size=4)
VALUES = {
    "u16": st.integers(0, 2**16 - 1), "i64": st.integers(-(2**63), 2**63 - 1), "text": TEXT,
    "word": st.sampled_from(["one", "two", "zwölf", ""]), "texts": st.lists(TEXT, max_size=3),
    "numbers": st.lists(st.none() | st.integers(-9, 9), max_size=3), "bool": st.booleans(),
}  # fmt: skip


@settings(deadline=None)  # the first one imports the readers
@given(st.data())
def test_every_kind_of_column_brings_its_values_through(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(VALUES)))
    values = data.draw(st.lists(st.none() | VALUES[kind], min_size=1, max_size=20))
    table = Table([Column("c", kind)], lambda rows: iter([Part(len(values), [values])]), lambda: len(values))
    assert pyarrow.table(table)["c"].to_pylist() == values


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.booleans()), min_size=1, max_size=40))
def test_plain_memory_becomes_a_column_as_it_stands(values: list[tuple[int, bool]]) -> None:
    plain = Plain(b"".join(v.to_bytes(4, "little") for v, _ in values), bytes(known for _, known in values))
    table = Table([Column("c", "u32")], lambda rows: iter([Part(len(values), [plain])]), lambda: len(values))
    wanted = [v if known else None for v, known in values]
    assert pyarrow.table(table)["c"].to_pylist() == wanted == [row[0] for row in table.rows()]
    assert CODES["u32"] == "I"


# --- files ------------------------------------------------------------------------------------------------------------


def test_arrow_files_hold_the_table(tmp_path: Path) -> None:
    capture = synfin.read(*RECORDED)
    for command, table in (("conns", capture.connections), ("packets", capture.packets)):
        wanted = pyarrow.table(table).to_pylist()
        whole, stream, columns = (str(tmp_path / f"{command}.{form}") for form in ("arrow", "arrows", "parquet"))
        for output in (whole, stream, columns):
            done = run(command, "-o", output, *RECORDED)
            assert (done.status, done.out, done.err) == (0, "", "")
        assert pyarrow.ipc.open_file(whole).read_all().to_pylist() == wanted
        assert pyarrow.ipc.open_stream(stream).read_all().to_pylist() == wanted
        assert pyarrow.parquet.read_table(columns).to_pylist() == wanted
        addresses = polars.col(polars.Categorical).cast(polars.String)
        assert polars.read_ipc(whole).with_columns(addresses).equals(polars.read_ipc_stream(stream))
        pyarrow.ipc.open_file(whole).read_all().validate(full=True)
        assert len(pandas.read_feather(whole)) == len(wanted)


def test_what_is_written_in_one_pass_is_what_two_passes_say(captures_dir: Path, tmp_path: Path) -> None:
    """The file is written while its capture is read once; the table is read after a first pass."""
    needs.have("kernels")
    output, frames = tmp_path / "packets.arrow", 0
    for path in [*RECORDED, *small_captures(captures_dir)]:
        try:
            capture = synfin.read(path)
        except UnreadableInput:
            continue
        with output.open("w+b") as out:
            assert write_once([path], out.fileno()), path
        ours = pyarrow.ipc.open_file(output).read_all()
        ours.validate(full=True)
        theirs = pyarrow.table(capture.packets)
        for name in theirs.column_names:
            found = ours[name].cast(theirs.schema.field(name).type).to_pylist()
            assert found == theirs[name].to_pylist(), f"{path}: {name}"
        frames += ours.num_rows
        needs.captures_ran(path)
    assert frames > 10_000


def test_many_frames_that_the_kernels_do_not_know_take_two_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.have("kernels")
    monkeypatch.setattr(one_pass, "MOST_KEPT", -1)
    output = tmp_path / "packets.arrow"
    with output.open("w+b") as out:
        assert not write_once(RECORDED[:1], out.fileno())
    assert run("packets", "-o", str(output), *RECORDED).status == 0
    assert pyarrow.ipc.open_file(output).read_all().num_rows == len(synfin.read(*RECORDED).packets)


def test_a_pipe_takes_a_stream_and_a_filter_chooses_rows(tmp_path: Path) -> None:
    whole = pyarrow.table(synfin.read(*RECORDED).packets)
    for filter_text, mask in (
        (None, None),
        ("tcp.len > 0", pyarrow.compute.greater(whole["tcp.len"], 0)),
        (
            "tcp.analysis.retransmission",
            pyarrow.compute.not_equal(pyarrow.compute.bit_wise_and(whole["synfin.analysis"], 1), 0),
        ),
        ("frame.number == 0", pyarrow.compute.equal(whole["frame.number"], 0)),
    ):
        chosen = [] if filter_text is None else ["-Y", filter_text]
        command = [sys.executable, "-m", "synfin", "packets", "-o", "-", *chosen, *RECORDED]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        wanted = (whole if mask is None else whole.filter(mask)).to_pylist()
        assert pyarrow.ipc.open_stream(done.stdout).read_all().to_pylist() == wanted
        output = str(tmp_path / "chosen.arrow")
        assert run("packets", "-o", output, *chosen, *RECORDED).status == 0
        assert pyarrow.ipc.open_file(output).read_all().to_pylist() == wanted


def test_text_files_hold_what_is_printed(tmp_path: Path) -> None:
    for form, argument in (("csv", "--csv"), ("tsv", "--tsv"), ("json", "--json"), ("ndjson", "--ndjson")):
        output = tmp_path / f"conns.{form}"
        assert run("conns", "-o", str(output), *RECORDED).status == 0
        assert output.read_text(encoding="utf-8") == run("conns", argument, *RECORDED).out


def test_chosen_packets_and_connections_are_written(tmp_path: Path) -> None:
    output = tmp_path / "packets.csv"
    assert run("packets", "-Y", "tcp.flags.syn == 1", "-o", str(output), *RECORDED).status == 0
    rows = list(csv.DictReader(output.read_text(encoding="utf-8").splitlines()))
    assert rows and all(int(row["tcp.flags"]) & 2 for row in rows) and rows[0]["synfin.from_client"] == "true"
    output = tmp_path / "conns.arrow"
    assert run("conns", "-Y", "tcp.flags.reset == 1", "-o", str(output), *RECORDED).status == 0
    closes = pyarrow.ipc.open_file(str(output)).read_all()["conn.close"].to_pylist()
    assert closes == ["close.rst_after_own_fin", "close.never_opened"]


def test_a_file_without_rows_is_a_file(tmp_path: Path) -> None:
    output = str(tmp_path / "none.arrow")
    assert run("conns", "-Y", "tcp.port == 1", "-o", output, *RECORDED).status == 0
    assert pyarrow.ipc.open_file(output).read_all().num_rows == polars.read_ipc(output).height == 0


def test_what_cannot_be_written_is_said_before_anything_is_read(tmp_path: Path) -> None:
    done = run("packets", "-o", str(tmp_path / "x.pdf"), RECORDED[0])
    assert done.status == 2 and ".arrow, .arrows, .parquet, .csv" in done.err
    blocked = "import sys; sys.modules['pyarrow'] = None; from synfin.faces.cli import main; sys.exit(main())"
    missing = tmp_path / "without.py"
    missing.write_text(blocked.replace("main())", f"main(['conns', '-o', {str(tmp_path / 'x.parquet')!r}, 'x']))"))
    said = subprocess.run([sys.executable, str(missing)], capture_output=True, text=True, timeout=60)
    assert said.returncode == 2 and "synfin[parquet]" in said.stderr and ".arrow" in said.stderr
    copy = tmp_path / "input.arrow"
    copy.write_bytes(Path(RECORDED[0]).read_bytes())
    assert "is the input itself" in run("conns", "-o", str(copy), str(copy)).err
