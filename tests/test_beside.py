"""Several threads make what one makes, in the same order, and end with whoever asked for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from synfin.faces.beside import made_of


def doubled() -> Callable[[int], int]:
    return lambda number: 2 * number


@pytest.mark.parametrize("helpers", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 7, 500])
def test_in_order(helpers: int, count: int) -> None:
    before = threading.active_count()
    assert list(made_of(range(count), doubled, helpers)) == [(number, 2 * number) for number in range(count)]
    assert threading.active_count() == before


def test_a_helper_works_while_the_caller_is_busy_with_another_thing() -> None:
    """Each side waits for the other: alone, neither would get on."""
    meet = threading.Barrier(2, timeout=60)

    def maker() -> Callable[[int], int]:
        def make(number: int) -> int:
            meet.wait()
            return threading.get_ident()

        return make

    assert len({thread for _, thread in made_of(range(2), maker, 1)}) == 2


def test_each_thread_has_a_maker_of_its_own() -> None:
    users: dict[int, set[int]] = {}

    def maker() -> Callable[[int], int]:
        mine: set[int] = set()

        def make(number: int) -> int:
            users.setdefault(id(mine), mine).add(threading.get_ident())
            return number

        return make

    assert [made for _, made in made_of(range(300), maker, 2)] == list(range(300))
    assert all(len(threads) == 1 for threads in users.values())


def test_what_fails_is_raised_in_its_turn() -> None:
    def maker() -> Callable[[int], int]:
        def make(number: int) -> int:
            if number >= 40:
                raise ValueError(f"no {number}")
            return number

        return make

    found: list[int] = []
    before = threading.active_count()
    with pytest.raises(ValueError, match="no 40"):
        found.extend(made for _, made in made_of(range(100), maker, 2))
    assert threading.active_count() == before


def test_no_more_is_taken_than_there_is_room_for() -> None:
    taken = []

    def things() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    made = made_of(things(), doubled, 1)
    assert next(made) == (0, 0)
    assert len(taken) <= 9
    before = threading.active_count()
    made.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before - 1
