"""The grammar of display filters: what is written comes back, anything else is refused at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synfin.errors import FilterError
from synfin.filter.grammar import COMPARISONS, MAX_DEPTH, parse
from synfin.filter.lexer import MAX_LENGTH, WORDS
from synfin.filter.printing import show
from synfin.filter.syntax import (
    And,
    Arithmetic,
    Call,
    Compare,
    Entity,
    Exists,
    Layered,
    Member,
    Negative,
    Not,
    Or,
    Range,
    Raw,
    Reference,
    Slice,
    Test,
    Text,
    Word,
    Xor,
)

FILTERS = Path(__file__).with_name("filters.txt").read_text().splitlines()

names = st.from_regex(r"\A[a-z][a-z0-9_]{0,5}(\.[a-z0-9_]{1,6}){0,2}\Z").filter(lambda name: name not in WORDS)
literals = st.sampled_from(["1", "0x1f", "10.0.0.1", "10.0.0.0/8", "::1", "00:11:22:33:44:55", "aa:bb", ":fc", "1.5"])
words = st.builds(Word, names | literals)
fields = st.builds(Word, names.filter(lambda name: name != "r"))
ranges = st.one_of(
    st.builds(Range, st.integers(-9, 99), st.integers(1, 9)),
    st.builds(Range, st.integers(-9, 99), st.none()),
    st.builds(Range, st.integers(0, 9), st.none(), st.integers(10, 19)),
)
parts = st.lists(ranges, min_size=1, max_size=3).map(tuple)
leaves = st.one_of(
    words,
    st.builds(Text, st.binary(max_size=6)),
    st.builds(Text, st.binary(min_size=1, max_size=1), st.just(True)),
    st.builds(Layered, fields, parts),
    st.builds(Reference, fields, st.just(0), st.booleans(), st.just(()) | parts),
    st.builds(Raw, fields),
)


def entities_of(inner: st.SearchStrategy[Entity]) -> st.SearchStrategy[Entity]:
    return st.one_of(
        st.builds(Slice, unsigned(inner), parts),
        st.builds(Call, names, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Arithmetic, st.sampled_from("&+-*/%"), inner, inner),
        st.builds(Negative, unsigned(inner)),
    )


def unsigned(inner: st.SearchStrategy[Entity]) -> st.SearchStrategy[Entity]:
    """What a sign or a slice can stand at: braces cannot be written there."""
    return inner.filter(lambda entity: not isinstance(entity, (Arithmetic, Negative)))


entities = st.recursive(leaves, entities_of, max_leaves=6)
quantifiers = st.sampled_from(["", "", "any", "all"])
members = entities.filter(lambda entity: not isinstance(entity, (Arithmetic, Slice)))
elements = st.lists(st.tuples(members, st.none() | members), min_size=1, max_size=3).map(tuple)
relations = st.one_of(
    st.builds(Exists, entities),
    st.builds(Compare, st.sampled_from(sorted(COMPARISONS)), entities, entities, quantifiers),
    st.builds(Member, entities, elements, quantifiers),
)
tests = st.recursive(
    relations,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Xor, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(tests)
def test_a_printed_tree_parses_to_itself(tree: Test) -> None:
    assert parse(show(tree)) == tree


@pytest.mark.parametrize("text", FILTERS)
def test_printing_changes_nothing(text: str) -> None:
    try:
        tree = parse(text)
    except FilterError:
        return
    assert parse(show(tree)) == tree


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    refused_or_parsed(text)


PIECES = [*WORDS, *'()[]{},"', "'", "==", "&&", "..", "tcp.port", "1", "[0:2]", "#1", "-", "$", "!"]


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_any_tokens_parse_or_are_refused(pieces: list[str]) -> None:
    refused_or_parsed(" ".join(pieces))


def refused_or_parsed(text: str) -> None:
    try:
        parse(text)
    except FilterError as error:
        assert 0 <= error.position <= len(text)
        assert error.with_caret().count("\n") == 2 or "\n" in text or "\r" in text


def test_precedence() -> None:
    a, b, c = (Exists(Word(name)) for name in "abc")
    assert parse("a or b and not c") == Or((a, And((b, Not(c)))))
    assert parse("not a == b") == Not(Compare("==", Word("a"), Word("b")))
    assert parse("a & 2 == 2") == Compare("==", Arithmetic("&", Word("a"), Word("2")), Word("2"))
    assert parse("a + 1 * 2 == 3") == Compare(
        "==", Arithmetic("+", Word("a"), Arithmetic("*", Word("1"), Word("2"))), Word("3")
    )
    assert parse("a < b < c") == And((Compare("<", Word("a"), Word("b")), Compare("<", Word("b"), Word("c"))))


@pytest.mark.parametrize(("word", "symbol"), [(w, s) for w, s in WORDS.items() if s in COMPARISONS])
def test_words_and_symbols_mean_the_same(word: str, symbol: str) -> None:
    assert parse(f"a {word} b") == Compare(symbol, Word("a"), Word("b"))


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "empty"), ("tcp and", 7, "too early"), ("(tcp", 4, r"'\)'"), ("tcp)", 3, "not expected"),
        ("tcp.port in {9501 80}", 18, "','"), ("tcp.port in 5", 12, r"'\{'"), ("a == == b", 5, "expected"),
        ('a == "x', 5, "closing quote"), ("a[0", 1, "closing bracket"), ("a[x]", 1, "slice"), ("a ? b", 2, "belong"),
        ("tcp udp", 4, "'and'"), (r'a == "\q"', 6, "escape"), ("a#x == 1", 2, "layer number"),
        ("a[0:0]", 1, "positive"),
    ],
)  # fmt: skip
def test_errors_name_place_and_expectation(text: str, position: int, expected: str) -> None:
    with pytest.raises(FilterError, match=expected) as caught:
        parse(text)
    assert caught.value.position == position


@pytest.mark.parametrize("opening", ["(", "not ", "! ", "{", "len("])
def test_nesting_is_bounded(opening: str) -> None:
    with pytest.raises(FilterError, match="nests deeper"):
        parse(opening * (MAX_DEPTH + 1) + "a")
    with pytest.raises(FilterError, match="nests deeper"):
        parse("a" + "[0]" * (MAX_DEPTH + 1))
    with pytest.raises(FilterError, match="nests deeper"):
        parse("a" + " + 1" * (MAX_DEPTH + 1))


def test_length_is_bounded() -> None:
    with pytest.raises(FilterError, match="longer than"):
        parse("a" * (MAX_LENGTH + 1))
    with pytest.raises(FilterError, match="parts"):
        parse("a or " * 30_000 + "a")
    assert parse("a or " * 20_000 + "a")
