"""YAML without its traps, and errors that lead to the place."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from netwatch.errors import InvalidFile
from netwatch.strict_yaml import Day, Flag, Model, Moment, Number, Seconds, Whole, check, load_yaml, salvage, suggestion, validate


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Inner(Model):
    name: Annotated[str, Field(pattern="^[a-z]+$", min_length=2, max_length=9)]
    count: Whole = 0


class Cat(Model):
    kind: Literal["cat"]
    lives: Whole = 9


class Dog(Model):
    kind: Literal["dog"]
    tricks: tuple[str, ...] = ()


class Example(Model):
    text: str | None = None
    whole: Whole = 0
    number: Number = 0.0
    wait: Seconds = 1.0
    flag: Flag = False
    day: Day | None = None
    moment: Moment | None = None
    colour: Colour = Colour.RED
    inner: Inner | None = None
    many: dict[str, Inner] = Field(default={})
    some: Annotated[tuple[Inner, ...], Field(max_length=2)] = ()
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        validate(load_yaml("f.yaml", text), Example)
    return [str(fault).removeprefix("f.yaml:") for fault in caught.value.faults]


def one(text: str) -> Example:
    return validate(load_yaml("f.yaml", text), Example)


def test_the_c_loader_is_there() -> None:
    """Pure Python would take 14 s for 10,000 devices."""
    assert yaml.__with_libyaml__


@pytest.mark.parametrize(
    "bare", ["no", "yes", "on", "Off", "1:20", "010", "0x1F", "1_000", "1e3", ".inf", "2026-11-24", "00:11:22:33:44:55", "="]
)
def test_a_bare_text_stays_the_text_it_is(bare: str) -> None:
    assert load_yaml("f.yaml", f"a: {bare}").value == {"a": bare}


@pytest.mark.parametrize("nothing", ["", "~", "null", "Null", "NULL"])
def test_nothing_is_nothing_and_quoted_nothing_is_text(nothing: str) -> None:
    assert load_yaml("f.yaml", f"a: {nothing}").value == {"a": None}
    assert load_yaml("f.yaml", f"a: '{nothing}'").value == {"a": nothing}


def test_values_come_out_typed() -> None:
    example = one("whole: -3\nnumber: 2.5e-1\nflag: true\nday: 2026-11-24\nmoment: 2026-11-24T08:00:00Z\ncolour: green\nwait: 1")
    assert (example.whole, example.number, example.flag, example.wait) == (-3, 0.25, True, 1.0)
    assert example.day == date(2026, 11, 24)
    assert example.moment == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert example.colour is Colour.GREEN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("whole: 010", "1:8: whole: expected a whole number such as 10, found '010'"),
        ("whole: 1_000", "1:8: whole: expected a whole number such as 10, found '1_000'"),
        ("whole: 1:20", "1:8: whole: expected a whole number such as 10, found '1:20'"),
        ("whole: 1.0", "1:8: whole: expected a whole number such as 10, found '1.0'"),
        ("whole: 0x10", "1:8: whole: expected a whole number such as 10, found '0x10'"),
        ("whole: ١٢", "1:8: whole: expected a whole number such as 10, found '١٢'"),
        ("whole: ' 1'", "1:8: whole: expected a whole number such as 10, found ' 1'"),
        (f"whole: {'9' * 5000}", f"1:8: whole: expected a whole number such as 10, found '{'9' * 57}...'"),
        ("whole: ", "1:7: whole: expected a whole number such as 10, found nothing"),
        ("number: nan", "1:9: number: expected a number such as 0.5, found 'nan'"),
        ("number: .5", "1:9: number: expected a number such as 0.5, found '.5'"),
        ("wait: 0", "1:7: wait: expected more than 0, found '0'"),
        ("flag: yes", "1:7: flag: expected true or false, found 'yes'"),
        ("flag: 1", "1:7: flag: expected true or false, found '1'"),
        ("day: 1700000000", "1:6: day: expected a date such as 2026-11-24, found '1700000000'"),
        ("day: 2026-02-30", "1:6: day: expected a day of the calendar, found '2026-02-30'"),
        ("day: 20261124", "1:6: day: expected a date such as 2026-11-24, found '20261124'"),
        ("moment: 2026-11-24", "1:9: moment: expected a date and time with its zone, such as"),
        ("moment: 2026-11-24T08:00:00", "1:9: moment: expected a date and time with its zone, such as"),
        ("moment: 2026-11-24T25:00:00Z", "1:9: moment: expected a moment of the calendar"),
        ("colour: rde", "1:9: colour: expected one of red, green, found 'rde'; did you mean 'red'?"),
        ("text: [a]", "1:7: text: expected text, found a list"),
        ("text: {a: b}", "1:7: text: expected text, found a mapping"),
        ("inner: x", "1:8: inner: expected a mapping, found 'x'"),
        ("inner: {}", "1:1: inner: 'name' is missing"),
        ("inner: {name: x}", "1:15: inner.name: expected at least 2 characters, found 'x'"),
        ("inner: {name: xxxxxxxxxx}", "1:15: inner.name: expected at most 9 characters, found 'xxxxxxxxxx'"),
        ("inner: {name: XX}", "1:15: inner.name: expected text of the form ^[a-z]+$, found 'XX'"),
        ("inner: {nam: xx}", "1:9: inner: unknown key 'nam'; did you mean 'name'?"),
        ("many: {a: {name: xx, cout: 1}}", "1:22: many.a: unknown key 'cout'; did you mean 'count'?"),
        ("some: [{name: xx}, {nme: xx}]", "1:21: some[2]: unknown key 'nme'; did you mean 'name'?"),
        ("some: [{name: xx}, {name: xx}, {name: xx}]", "1:7: some: expected at most 2 items, found 3"),
        ("some: x", "1:7: some: expected a list, found 'x'"),
        ("pet: {kind: cow}", "1:6: pet: expected one of 'cat', 'dog', found a mapping"),
        ("pet: {kind: cat, live: 1}", "1:18: pet: unknown key 'live'; did you mean 'lives'?"),
        ("pet: {kind: cat, lives: x}", "1:25: pet.lives: expected a whole number such as 10, found 'x'"),
        ("txt: a", "1:1: unknown key 'txt'; did you mean 'text'?"),
        ("zzz: a", "1:1: unknown key 'zzz'"),
    ],
)
def test_a_wrong_value_is_said_with_what_was_found_and_expected(text: str, said: str) -> None:
    (fault,) = faults(text)
    assert fault.startswith(said)


def test_all_faults_are_said_at_once_in_the_order_of_the_file() -> None:
    assert [fault[:4] for fault in faults("wait: 0\nwhole: x\nzzz: 1\nflag: x\n")] == ["1:7:", "2:8:", "3:1:", "4:7:"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff\xfea\x00", "1:1: is UTF-16; save it as UTF-8"),
        (b"a: x\nbb: \xe9", "2:5: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("é: é\x00", "1:5: a control character; remove it"),
        ("a: \x1b[2J", "1:4: a control character; remove it"),
        ("a: &x [*x]", "1:8: alias (*) inside its own anchor (&)"),
        ("&a a: 1\nb: *a\n*a : 2", "3:1: a key must be text, found a list, a mapping or an alias"),
        ("[a]: 1", "1:1: a key must be text, found a list, a mapping or an alias"),
        ("~: 1", "1:1: key '~' is not text: YAML reads it as nothing; write it in quotes"),
        ("1.5: 1", "1:1: key '1.5' is not text: YAML reads it as a number; write it in quotes"),
        ("off: 1", "1:1: key 'off' is not text: YAML reads it as true or false; write it in quotes"),
        ("2026-11-24: 1", "1:1: key '2026-11-24' is not text: YAML reads it as a date; write it in quotes"),
        ("<<: {a: 1}", "1:1: '<<' (merge) is not used"),
        ("!!str a: 1\n!x b: 1", "2:1: tag '!x' is not used"),
        ("a: !!int 1", "1:4: tag '!!int' is not used"),
        ("a: !!binary aGk=", "1:4: tag '!!binary' is not used"),
        ("%YAML 9.9\n---\na: 1", "1:1: is not YAML: found incompatible YAML document"),
        ("a: 1\n...\nb: 2", "3:1: is not YAML: did not find expected <document start>"),
        ("# only a comment\n", "1:1: is empty"),
        (b"", "1:1: is empty"),
        ('a: "\\q"', "1:5: is not YAML: found unknown escape character"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_at_its_place(text: str | bytes, said: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        load_yaml("f.yaml", text)
    assert str(caught.value.faults[0]).removeprefix("f.yaml:").startswith(said)


def test_several_faults_of_form_are_said_at_once() -> None:
    with pytest.raises(InvalidFile) as caught:
        load_yaml("f.yaml", "no: 1\na: !x 1\na: 2\n? [b]\n: 3\n")
    assert [fault.line for fault in caught.value.faults] == [1, 2, 3, 4]


def test_quoted_keys_may_look_like_anything() -> None:
    assert load_yaml("f.yaml", "'no': 1\n\"1\": 2\n").value == {"no": "1", "1": "2"}


def test_a_byte_order_mark_of_utf_8_is_ignored_and_columns_stay() -> None:
    document = load_yaml("f.yaml", b"\xef\xbb\xbfa: 1")
    assert document.value == {"a": "1"}
    assert document.locate(("a",)) == (1, 4)


def test_aliases_are_allowed_in_small_numbers() -> None:
    assert load_yaml("f.yaml", "a: &x {k: v}\nb: *x\n").value == {"a": {"k": "v"}, "b": {"k": "v"}}


def test_a_billion_laughs_end_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    start = time.process_time()
    with pytest.raises(InvalidFile, match="stand for more than 20000 values"):
        load_yaml("f.yaml", "\n".join(lines))
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "- " * 5_000 + "x", "? " * 5_000, "[{" * 50_000, "&a [" * 1000]
)
def test_nesting_without_end_ends_quickly(text: str) -> None:
    start = time.process_time()
    with pytest.raises(InvalidFile):
        load_yaml("f.yaml", text)
    assert time.process_time() - start < 5


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(10**11)
    with pytest.raises(InvalidFile, match="larger than 64 MiB"):
        load_yaml(path)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="cannot be read: Is a directory"):
        load_yaml(tmp_path)


def test_every_value_and_key_has_its_place() -> None:
    document = load_yaml("f.yaml", "a:\n  - x\n  - {b: y}\nc: z\n")
    assert document.locate(("a", 1, "b")) == (3, 9)
    assert document.locate(("a", 1, "b"), key=True) == (3, 6)
    assert document.locate(("a", 1, "missing")) == (3, 5)
    assert document.locate(("a", 99)) == (2, 3)
    assert document.locate(("c",), key=True) == (4, 1)
    assert document.known(("a", "branch-of-a-union", 1, "b")) == ("a", 1, "b")
    assert str(document.fault(("c",), "is wrong")) == "f.yaml:4:4: is wrong"


def test_check_returns_what_validate_raises() -> None:
    document = load_yaml("f.yaml", "flag: x")
    made, said = check(document, Example)
    assert made is None
    assert len(said) == 1
    assert check(load_yaml("f.yaml", "flag: true"), Example) == (Example(flag=True), [])


def test_salvage_leaves_out_only_the_entries_with_faults() -> None:
    made, said = salvage(load_yaml("f.yaml", "many: {a: {name: xx}, b: {name: 1, x: y}}\nflag: yes\n"), Example)
    assert made == Example(many={"a": Inner(name="xx")})
    assert len(said) == 4 - 1


def test_a_secret_file_is_never_quoted() -> None:
    """P13: not in a message about a value, a key, a tag, nor in the error's cause."""
    for text in (
        "whole: hunter2",
        "hunter2: 1",
        "text: !hunter2 x",
        "{hunter2}",
        "colour: hunter2",
        "hunter2: 1\nhunter2: 2",
        "? [hunter2]\n: 1",
        "day: hunter2",
        "inner: {name: HUNTER2}",
    ):
        with pytest.raises(InvalidFile) as caught:
            validate(load_yaml("f.yaml", text, secret=True), Example)
        assert "hunter2" not in f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}".lower()


def test_a_near_name_is_suggested_only_when_it_is_near() -> None:
    assert suggestion("dist-brat", ["dist-barat", "core"]) == "; did you mean 'dist-barat'?"
    assert suggestion("zzz", ["dist-barat", "core"]) == ""


@given(st.text(alphabet=st.sampled_from("ab:-?[]{},&*!|>'\"%@`#\n\t \\0123~<=."), max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """P10: no octet of a file ends a process."""
    with contextlib.suppress(InvalidFile):
        document = load_yaml("f.yaml", text)
        document.locate(("a",))
        check(document, Example)


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(InvalidFile):
        check(load_yaml("f.yaml", data), Example)


@given(
    st.recursive(
        st.none() | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_what_yaml_writes_with_quotes_is_read_back(value: object) -> None:
    written = yaml.safe_dump(value, allow_unicode=True, default_style='"').replace('!!null "null"', "null")
    assert load_yaml("f.yaml", written).value == value
