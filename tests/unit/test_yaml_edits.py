"""One value of a YAML text changes; every other character stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.strict_yaml import load_yaml
from netwatch.strict_yaml.edits import Edits, written

texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20)


def put(source: str, loc, key, value) -> str:
    edits = Edits(source)
    edits.put(loc, key, value)
    return edits.text()


def append(source: str, loc, key, item) -> str:
    edits = Edits(source)
    edits.append(loc, key, item)
    return edits.text()


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a: {x: 1, y: 2}  # k\n", "a: {x: 1, y: 9}  # k\n"),
        ("a:\n  x: 1\n  y: 2  # k\nb: 3\n", "a:\n  x: 1\n  y: 9  # k\nb: 3\n"),
        ("a:\r\n  x: é\r\n  y: '2'\r\n", "a:\r\n  x: é\r\n  y: 9\r\n"),
        ("a: {x: 1}\n", "a: {x: 1, y: 9}\n"),
        ("a: {}\n", "a: {y: 9}\n"),
        ("a:\n  x: 1  # k\n  # below\nb: 3\n", "a:\n  x: 1  # k\n  y: 9\n  # below\nb: 3\n"),
        ("a:\n  x: 1", "a:\n  x: 1\n  y: 9"),
        ("a:\n  y:\nb: 3\n", "a:\n  y: 9\nb: 3\n"),
        ("a:\n  y:\n    - 1\n    - 2\nb: 3\n", "a:\n  y:\n    9\nb: 3\n"),
    ],
)
def test_a_key_is_set_in_the_style_of_its_mapping(source, changed):
    assert put(source, ("a",), "y", "9") == changed


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a: {l: [1]}\n", "a: {l: [1, 9]}\n"),
        ("a: {l: []}\n", "a: {l: [9]}\n"),
        ("a: {x: 1}\n", "a: {x: 1, l: [9]}\n"),
        ("a:\n  l:\n  - 1\n  - {k: 2}  # k\nb: 3\n", "a:\n  l:\n  - 1\n  - {k: 2}  # k\n  - 9\nb: 3\n"),
        ("a:\n  l:\n      - k: 1\n        m: 2\n\nb: 3\n", "a:\n  l:\n      - k: 1\n        m: 2\n      - 9\n\nb: 3\n"),
        ("a:\n  l: null\n", "a:\n  l: [9]\n"),
    ],
)
def test_an_item_is_added_in_the_style_of_its_list(source, changed):
    assert append(source, ("a",), "l", "9") == changed


def test_several_changes_of_one_place_come_in_their_order():
    edits = Edits("a: {l: [1]}\n")
    edits.append(("a",), "l", "2")
    edits.append(("a",), "l", "3")
    edits.put(("a",), "k", "4")
    edits.remark(("a",), "kata")
    assert edits.text() == "a: {l: [1, 2, 3], k: 4}\n# kata\n"


def test_what_is_not_there_has_no_place():
    edits = Edits("a: {l: [1]}\n")
    assert edits.has(("a", "l", 0))
    assert not edits.has(("a", "l", 7))
    with pytest.raises(KeyError):
        edits.put(("b",), "x", "1")


@given(texts)
def test_any_text_is_written_so_that_it_is_read_as_itself(text):
    assert load_yaml("x.yaml", f"a: [{written(text)}, {{b: {written(text)}}}]\n").value == {"a": [text, {"b": text}]}
