"""A story in plain words: the verdict first, then each phase and segment, and why its numbers are what they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synfin.explain import facts, opinions
from synfin.explain.header import segment_name
from synfin.explain.ladder import DEFAULT_MAX_SEGMENTS, Row, layout
from synfin.explain.quantity import Language, duration
from synfin.explain.words import Value, finding_facts, has, placeholders, template_of, text
from synfin.watch.connections.record import utc
from synfin.watch.findings.known import SEVERITIES
from synfin.wire.tcp import ACK, FIN, PSH, SYN

if TYPE_CHECKING:
    from synfin.watch.connections.record import Connection, Derivation, Finding, Step, Story

#: a close that is younger may only be unfinished
_YOUNG_NS = 3_000_000_000
#: FIN-WAIT-2 may be given up after this (Linux: 60 s unless TCP_LINGER2 or tcp_fin_timeout say less)
_FORGOTTEN_NS = 2_000_000_000
_STEPPED = ("handshake-", "close-")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the connection came to."""

    headline: str  #: one sentence: which side, number, consequence
    detail: str  #: a few short sentences of numbers
    severity: str  #: the worst of its findings: ok, info, note, warn or error


@dataclass(slots=True)
class Chapter:
    """One phase of the connection in words."""

    title: str
    tone: str  #: open, data, close, reset or other
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a chapter; `step` is the index of the segment it is about, None for a pause or a run."""

    text: str
    step: int | None = None
    head: str = ""  #: time and flags of the segment: `17.6 µs SYN, ACK`


def verdict(story: Story, lang: Language) -> Verdict:
    """One sentence that says how it went, and the numbers behind it."""
    return Verdict(_headline(story, lang), _joined(_details(story, lang), lang), severity(story))


def identity(record: Connection, lang: Language) -> str:
    """Which connection it is: its number, both ends, when and where in the capture it begins and ends."""
    first, last = record.frames
    return text(
        "ladder.identity", lang, conn=str(record.conn), client=record.client.endpoint, server=record.server.endpoint,
        start=utc(record.start_ns), first=str(first), last=str(last),
    )  # fmt: skip


def severity(story: Story) -> str:
    """The worst severity among the findings (the open and close ids count as findings)."""
    found = [finding.severity for finding in story.findings]
    found += [finding_facts(key).severity for key in (story.connection.open, story.connection.close)]
    return max(found, key=SEVERITIES.index)


def chapters(story: Story, lang: Language, max_segments: int | None = DEFAULT_MAX_SEGMENTS) -> list[Chapter]:
    """The story band by band, a line for each row of the ladder."""
    ladder = layout(story, max_segments)
    told: list[Chapter] = []
    for band in ladder.bands:
        chapter = Chapter(text(f"band.{band.kind}", lang), band.tone)
        for row in ladder.rows[band.first : band.last + 1]:
            chapter.lines += _row_lines(story, row, lang)
        told.append(chapter)
    return told


def phase_name(phase: str, lang: Language) -> str:
    """A phase's short name: `handshake 2/3`."""
    for prefix in _STEPPED:
        if phase.startswith(prefix):
            return text(f"phase-name.{prefix[:-1]}", lang, step=phase.removeprefix(prefix))
    return text(f"phase-name.{phase if has(f'phase-name.{phase}') else 'unknown'}", lang)


def phase_step(phase: str) -> str:
    """A phase's step alone: `2/3`, "" where it has none."""
    return next((phase.removeprefix(prefix) for prefix in _STEPPED if phase.startswith(prefix)), "")


def phase_sentence(story: Story, index: int, lang: Language) -> str:
    """What the segment does for the connection."""
    step = story.steps[index]
    end = facts.sender(step)
    key = f"phase.{step.phase}"
    if step.phase in {"data", "half-close-data"}:
        key = f"say.{step.phase}" if step.segment.length else "say.confirmed"
    elif step.phase in {"keep-alive", "window"}:
        probes = any(derivation.word == "derive.seq-of-probe" for derivation in step.derivations)
        key = f"say.{step.phase}-{'probe' if probes else 'answer'}"
    elif step.phase in {"simultaneous-open", "simultaneous-close"}:
        first = step.segment.has(FIN) or step.segment.flags & (SYN | ACK) == SYN
        key = f"say.{step.phase}-{'first' if first else 'answer'}"
    return text(
        key if has(key) else "phase.unknown", lang,
        A=end, B=facts.other(end), sender=end, receiver=facts.other(end), bytes=step.segment.length,
    )  # fmt: skip


def why(derivation: Derivation, lang: Language) -> str:
    """The sentence that derives a number."""
    return text(derivation.word, lang, **derivation.numbers)


def rule_sentences(step: Step, lang: Language) -> list[tuple[str, str, str]]:
    """Rule id, sentence and RFC section of each row of the transition table that fired."""
    from synfin.tcp.state import RULES

    return [(rule, text(f"rule.{rule}", lang), RULES[rule].section) for rule in step.rules if rule in RULES]


def finding_sentence(finding: Finding, lang: Language) -> tuple[str, str]:
    """A finding in words, and what to do about it."""
    numbers: dict[str, Value] = dict(finding.numbers)
    case = numbers.pop("case", "")
    words, plain, todo = f"{finding.id}.text", f"{finding.id}.plain", f"{finding.id}.next"
    if has(plain) and not placeholders(template_of(words, lang)) <= numbers.keys():
        words = plain
    special = [f"{finding.id}.{case}.{kind}" for kind in ("text", "next")]
    words, todo = (mine if has(mine) else usual for mine, usual in zip(special, (words, todo), strict=True))
    return text(words, lang, **numbers), text(todo, lang, **numbers)


def findings(story: Story) -> list[Finding]:
    """The findings that tell something: that nothing was closed which never opened, the verdict says already."""
    return [finding for finding in story.findings if finding.id != "close.never_opened"]


def reset_reason(story: Story, lang: Language) -> str | None:
    """Why a connection that ended with RST ended so; None when no RST decided it."""
    record, end = story.connection, facts.ending(story)
    if end.reset is None or record.closed_by == "middle":
        return None
    key = _reset_key(story, end)
    if key is None:
        return None
    count = _bytes_unread(story) if key == "rst-unread" else facts.bytes_undelivered(story.steps, end)
    waited = 0 if end.fin is None else end.reset.time_ns - end.fin.time_ns
    return text(f"why.{key}", lang, A=end.first, B=end.second, port=record.server.port, bytes=count, dt=waited)


def asides(story: Story, lang: Language) -> list[str]:
    """What the usual picture leaves out, where this connection shows it."""
    return [text(f"aside.{key}", lang, bytes=_payload(story)) for key in _aside_keys(story)]


def _headline(story: Story, lang: Language) -> str:
    record, end = story.connection, facts.ending(story)
    key = _verdict_key(story, end)
    took = _verdict_time(story, key, end)
    numbers: dict[str, Value] = {
        "A": end.first,
        "B": end.second,
        "S": "server",
        "seen": facts.seen_alone(story) or "client",
        "port": record.server.port,
        "dt": took,
        "after": _spaced("how.after", took, lang),
        "within": _spaced("how.within", took, lang),
        "n": facts.count_syns(story.steps),
        "bytes": _verdict_bytes(story, key, end),
        "how": _how(story, lang),
    }
    return text(f"verdict.{key}", lang, **numbers)


def _spaced(key: str, took: int, lang: Language) -> str:
    """` after 2.4 ms`, nothing where no time passed."""
    if not took:
        return ""
    return (" " if lang == "en" else "") + text(key, lang, dt=took)


def _verdict_key(story: Story, end: facts.Ending) -> str:
    """The verdict's key: the close id, the open id where it never opened, or a finer case of it."""
    opening, close = story.connection.open.split(".")[-1], story.connection.close.split(".")[-1]
    if close == "never_opened" or opening == "pending":
        return _unopened_key(story, opening)
    if close.startswith(("rst", "abort")) and story.connection.closed_by == "middle":
        return "reset_by_middle"
    if close.startswith(("rst", "abort")) and any(finding.id == "rst.injected" for finding in story.findings):
        return "reset_forged"
    if close == "abort":
        return _abort_key(story)
    if close == "rst_reply" and end.reset is not None and end.reset.segment.has(ACK):
        return "rst_unexplained"
    if close == "rst_after_own_fin":
        return _late_key(story, end)
    if close == "still_open" and facts.seen_alone(story):
        return "still_open_alone"
    if close == "fin_unanswered" and end.fin_acked is None:
        return "fin_unacknowledged"
    if close == "fin_unanswered" and _verdict_time(story, close, end) < _YOUNG_NS:
        return "fin_unanswered_young"
    return close


def _abort_key(story: Story) -> str:
    if _bytes_unread(story):
        return "unread"
    if facts.bytes_in_flight(story.steps):
        return "abort"
    return "abort_idle" if len(story.steps) > 1 else "abort_alone"


def _bytes_unread(story: Story) -> int:
    """What the end that reset had received and probably not read."""
    found = (finding for finding in story.findings if finding.id == "close.unread_data_likely")
    return next((int(finding.numbers["bytes"]) for finding in found), 0)


def _unopened_key(story: Story, opening: str) -> str:
    if opening == "no_answer" and any(not step.from_client for step in story.steps):
        return "no_answer_other"
    if opening == "no_answer" and facts.count_syns(story.steps) == 1:
        return "no_answer_once"
    if opening == "pending" and not _verdict_time(story, opening, facts.ending(story)):
        return "pending_at_once"
    return opening


def _late_key(story: Story, end: facts.Ending) -> str:
    if not facts.bytes_undelivered(story.steps, end):
        return "rst_after_own_fin_empty"
    return "rst_after_own_fin" if facts.bytes_after_fin(story.steps, end) else "rst_after_own_fin_unread"


def _verdict_time(story: Story, key: str, end: facts.Ending) -> int:
    record = story.connection
    for finding in story.findings:
        if "dt" in finding.numbers and finding.id in (record.open, record.close):
            return int(finding.numbers["dt"])
    if key == "silent_death":
        heard = max((step.time_ns for step in story.steps if facts.sender(step) == end.second), default=0)
        return record.duration_ns - heard
    if end.reset is not None and key in {"abort", "abort_idle", "refused", "reset_by_middle", "rst_unexplained"}:
        return end.reset.time_ns
    return record.duration_ns


def _verdict_bytes(story: Story, key: str, end: facts.Ending) -> int:
    if key == "unread":
        return _bytes_unread(story)
    if key == "abort":
        return facts.bytes_in_flight(story.steps)
    if key == "half_close_data":
        return facts.bytes_after_fin(story.steps, end)
    if key.startswith("rst_after_own_fin"):
        return facts.bytes_undelivered(story.steps, end)
    return _payload(story)


def _how(story: Story, lang: Language) -> str:
    if story.connection.open not in facts.OPENED:
        return text("how.closed", lang)
    return text("how.used" if _payload(story) else "how.unused", lang)


def _details(story: Story, lang: Language) -> Iterator[str]:
    record = story.connection
    sent = {"client_bytes": record.client.payload_bytes, "server_bytes": record.server.payload_bytes}
    itself = record.client.endpoint == record.server.endpoint
    if itself:
        yield text("detail.itself", lang, bytes=record.client.payload_bytes)
    elif alone := facts.seen_alone(story):
        yield text("detail.alone", lang, A=alone, B=facts.other(alone), bytes=_payload(story))
    elif record.close != "close.never_opened":
        who = [end for end in ("client", "server") if sent[f"{end}_bytes"]]
        yield text(f"detail.bytes-{'both' if len(who) == 2 else who[0] if who else 'none'}", lang, **sent)
    there, back = record.handshake_legs_ns
    if there is not None and back is not None:
        yield text("detail.handshake", lang, total=there + back, there=duration(there, lang), back=duration(back, lang))
    yield from _closing_detail(story, lang)
    again = record.client.retransmissions, record.server.retransmissions
    if any(again):
        yield text("detail.retransmitted", lang, client_n=again[0], server_n=again[1])
    elif record.close != "close.never_opened":
        yield text("detail.clean", lang)
    if record.role_guessed:
        yield text("detail.role-guessed", lang)


def _closing_detail(story: Story, lang: Language) -> Iterator[str]:
    end = facts.ending(story)
    if end.fin is None or end.other_fin is None or story.connection.close == "close.simultaneous":
        return
    gap = end.other_fin.time_ns - end.fin.time_ns
    if end.fin_acked is None or gap < 0:
        return
    if end.fin_acked is end.other_fin:
        yield text("detail.close-merged", lang, A=end.first, B=end.second, gap=gap)
    else:
        wait = end.fin_acked.time_ns - end.fin.time_ns
        yield text("detail.close-lag", lang, A=end.first, B=end.second, wait=wait, gap=gap)


def _row_lines(story: Story, row: Row, lang: Language) -> Iterator[Line]:
    if row.kind == "wait":
        yield Line(text("story.wait", lang, dt=row.wait_ns))
    elif row.kind == "run":
        yield Line(
            text("story.run", lang, segments=row.segments, client_bytes=row.client_bytes,
                 server_bytes=row.server_bytes, dt=row.wait_ns)
        )  # fmt: skip
    else:
        step = story.steps[row.first]
        head = f"{duration(step.time_ns, lang)}  {segment_name(step.segment.flags)}"
        yield Line(_segment_text(story, row.first, lang), row.first, head)


def _segment_text(story: Story, index: int, lang: Language) -> str:
    step = story.steps[index]
    colon = ": " if lang == "en" else "："
    sentences = [phase_sentence(story, index, lang), *(f"{d.formula}{colon}{why(d, lang)}" for d in step.derivations)]
    if step.flags:
        sentences.append(text("story.flagged", lang, flags=", ".join(flag.replace("_", " ") for flag in step.flags)))
    if second := opinions.sentence(step, lang):
        sentences.append(second)
    return _joined((_stopped(sentence, lang) for sentence in sentences), lang)


def _joined(sentences: Iterable[str], lang: Language) -> str:
    """Sentences one after the other; Chinese puts no space between them."""
    return (" " if lang == "en" else "").join(sentences)


def _stopped(sentence: str, lang: Language) -> str:
    ended = sentence.endswith((".", "。", "!", "?", "！", "？"))
    return sentence if ended else sentence + ("." if lang == "en" else "。")


def _reset_key(story: Story, end: facts.Ending) -> str | None:
    opening, close = story.connection.open, story.connection.close
    if close == "close.never_opened":
        keys = {
            "open.refused": "rst-refused",
            "open.rejected_by_client": "rst-synack",
            "open.unsolicited_synack": "rst-synack",
        }
        return keys.get(opening)
    if close == "close.abort":
        if _bytes_unread(story):
            return "rst-unread"
        proven = end.reset is not None and any(d.word == "derive.seq-of-abort" for d in end.reset.derivations)
        return "rst-abort" if proven else "rst-abort-likely"
    if close == "close.rst_after_own_fin":
        return _late_reset_key(story, end)
    if close == "close.rst_reply" and end.reset is not None and end.reset.segment.has(ACK):
        return "rst-unexplained"
    return {"close.rst_after_peer_fin": "rst-after-peer-fin", "close.rst_reply": "rst-no-socket"}.get(close)


def _late_reset_key(story: Story, end: facts.Ending) -> str:
    if facts.bytes_undelivered(story.steps, end):
        return "rst-late-data" if facts.bytes_after_fin(story.steps, end) else "rst-unread-tail"
    if end.fin is not None and end.reset is not None and end.reset.time_ns - end.fin.time_ns < _FORGOTTEN_NS:
        return "rst-late-fin-soon"
    return "rst-late-fin"


def _aside_keys(story: Story) -> Iterator[str]:
    steps, record, end = story.steps, story.connection, facts.ending(story)
    if _payload(story):
        yield "application-data"
        if any(step.segment.length and step.segment.has(PSH) for step in steps):
            yield "psh"
        yield "seq"
    if (
        record.open == "open.normal"
        and len(steps) > 2
        and steps[2].segment.flags & 0x3F == ACK
        and not steps[2].segment.length
    ):
        yield "third-ack"
    if record.close == "close.fin_4seg":
        yield "four-or-three"
    if record.close == "close.fin_3seg":
        yield "three-not-four"
    if end.first == "client" and end.other_fin is not None and end.other_fin.seq == 1 and record.client.payload_bytes:
        yield "no-reply"


def _payload(story: Story) -> int:
    return story.connection.client.payload_bytes + story.connection.server.payload_bytes
