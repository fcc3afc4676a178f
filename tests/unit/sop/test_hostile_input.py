"""Whatever a form, a command line or a webhook sends: a value, or a refusal with a sentence; never a traceback."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.errors import Reason, Refused
from netwatch.sop import ticket as sop
from netwatch.sop.values import value_of
from tests.unit.sop.city import Case, Script, paper, procedure
from tests.unit.sop.test_script_reads_only_actions import REPLACE, walk

WORDS = st.sampled_from(
    [
        "",
        "ya",
        "2026-11-24T10:00",
        "2026-02-30",
        "0001-01-01T00:00:00+14:00",
        "1e9",
        "contoh-kabid",
        "\x00",
        "\ud800",
        "a" * 30_000,
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=30) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(name=st.sampled_from(sorted(procedure().fields)), value=ANYTHING)
@settings(max_examples=600, deadline=None)
def test_every_value_becomes_json_or_a_reason(name: str, value: object) -> None:
    """Round trip through text, no floats, no lone surrogates."""
    found = value_of(name, procedure().fields[name], value, procedure().zone)
    if isinstance(found, Reason):
        assert found.id
        assert found.en
        return
    assert json.loads(json.dumps(found, ensure_ascii=False).encode()) == found
    assert not isinstance(found, float)


@pytest.fixture(scope="module")
def stations() -> list[Case]:
    """Return one ticket in each step of the long way."""
    found = []
    for length in range(len(REPLACE)):
        case = Case.open()
        walk(case, Script(case), REPLACE[:length])
        found.append(case)
    return found


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_act_is_performed_or_refused(stations: list[Case], data: st.DataObject) -> None:
    """Random fields of random types on random actions; what is accepted replays."""
    case = data.draw(st.sampled_from(stations))
    script = Script(case)
    action = data.draw(st.sampled_from([*script.listed(), "hold", "resume", "emergency_action", "nonsense", ""]))
    listed = script.listed().get(action, {"fields": [], "documents": []})
    filled = {
        field["name"]: script.value(field) for field in listed["fields"] if field["required"] and field.get("choices") != []
    }
    wrong = data.draw(st.dictionaries(st.sampled_from([*filled, *sorted(procedure().fields), "step"]), ANYTHING, max_size=3))
    papers = tuple(paper(key) for key in data.draw(st.lists(st.sampled_from([*procedure().documents, "x"]), max_size=2)))
    papers += tuple(paper(document["key"]) for document in listed["documents"] if document["required"])
    who = st.sampled_from(["contoh-teknisi-1", "contoh-kabid", "contoh-kadis", "contoh-camat", "root", "", "system"])
    at = case.now + data.draw(st.timedeltas(timedelta(-9), timedelta(1)))
    act = sop.Act(action, data.draw(who), data.draw(who), at, fields={**filled, **wrong}, documents=papers)
    before = case.ticket
    try:
        performed = sop.perform(procedure(), before, act, case.context())
    except Refused as refused:
        assert all(reason.key and reason.id and reason.en for reason in refused.reasons)  # noqa: PT017
        return
    body = json.loads(json.dumps(performed.entry.to_body()))
    assert sop.apply(before, sop.Entry.from_body(body)) == performed.ticket
