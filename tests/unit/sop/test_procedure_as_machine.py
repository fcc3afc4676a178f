"""The procedure as a machine: any actor, any action, any order; the oracle is typed by hand (RELIABILITY 5)."""

from __future__ import annotations

import itertools
import json
import os
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from netwatch.errors import Refused
from netwatch.sop import ticket as sop
from netwatch.sop.ticket_json import from_json, to_json
from tests.unit.sop.city import Case, Script, procedure, replayed

TEAM, HEAD, AGENCY, OPD = "dc_team", "division_head", "agency_head", "opd_head"

# (step, action): (leads to, who, wants the service to be back). Typed from the SOP, not computed from sop.yaml.
ORACLE: dict[tuple[str, str], tuple[str, set[str], bool]] = {
    ("report_received", "submit"): ("agency_disposition", {"system", TEAM, OPD}, False),  # t01
    ("agency_disposition", "dispose"): ("staff_assignment", {AGENCY}, False),  # t02
    ("staff_assignment", "assign"): ("connection_check", {HEAD}, False),  # t03
    ("connection_check", "find_site_side"): ("reporter_coordination", {TEAM}, False),  # t04
    ("reporter_coordination", "schedule_visit"): ("site_inspection", {TEAM}, False),  # t05
    ("site_inspection", "record_inspection"): ("repair_decision", {TEAM}, False),  # t06
    ("repair_decision", "repair"): ("work_report", {TEAM}, True),  # t07
    ("repair_decision", "replace"): ("replacement_request", {TEAM}, False),  # t08
    ("replacement_request", "accept_form"): ("device_replacement", {TEAM}, False),  # t09
    ("device_replacement", "finish_replacement"): ("work_report", {TEAM}, True),  # t10
    ("work_report", "send_report"): ("division_review", {TEAM}, True),  # t11
    ("division_review", "forward"): ("agency_review", {HEAD}, False),  # t12
    ("agency_review", "approve"): ("done", {AGENCY}, False),  # t13
    ("connection_check", "find_dc_side"): ("repair_decision", {TEAM}, False),  # t20
    ("connection_check", "declare_recovered"): ("work_report", {TEAM}, True),  # t21
    ("reporter_coordination", "declare_recovered"): ("work_report", {TEAM}, True),  # t22
    ("reporter_coordination", "recheck"): ("connection_check", {TEAM}, False),  # t23
    ("site_inspection", "recheck"): ("connection_check", {TEAM}, False),
    ("repair_decision", "recheck"): ("connection_check", {TEAM}, False),
    ("replacement_request", "return_form"): ("replacement_request", {TEAM}, False),  # t24
    ("replacement_request", "withdraw_form"): ("repair_decision", {TEAM, OPD}, False),  # t25
    ("device_replacement", "replacement_failed"): ("repair_decision", {TEAM}, False),  # t26
    ("division_review", "return_report"): ("work_report", {HEAD}, False),  # t27
    ("division_review", "reopen_check"): ("connection_check", {HEAD}, False),  # t28
    ("agency_review", "return_review"): ("division_review", {AGENCY}, False),  # t29
    ("work_report", "fault_returned"): ("connection_check", {TEAM}, False),  # t30
    ("report_received", "cancel_self_recovered"): ("cancelled", {"system"}, False),  # t31, and see `may_cancel_itself`
    ("agency_disposition", "cancel_self_recovered"): ("cancelled", {"system"}, False),
    **{
        (step, "cancel"): ("cancelled", {HEAD, AGENCY}, False)  # t32
        for step in (
            "report_received",
            "agency_disposition",
            "staff_assignment",
            "connection_check",
            "reporter_coordination",
            "site_inspection",
            "repair_decision",
        )
    },
    **{
        (step, "merge"): ("merged", {TEAM, HEAD}, False)  # t33
        for step in ("report_received", "agency_disposition", "staff_assignment", "connection_check")
    },
    **{
        (step, "transfer"): ("transferred", {HEAD, AGENCY}, False)  # t34
        for step in ("agency_disposition", "staff_assignment", "connection_check")
    },
}
ACTIONS = sorted({action for _, action in ORACLE})
PERSONS = {
    "system": "system",
    TEAM: "contoh-teknisi-2",
    HEAD: "contoh-kabid",
    AGENCY: "contoh-kadis",
    OPD: "contoh-camat",
    "nobody": "contoh-tidak-ada",
}
EXAMPLES = int(os.environ.get("NETWATCH_MACHINE_EXAMPLES", "80"))  # a campaign sets 100000
HOLD_STEPS = {"reporter_coordination", "site_inspection", "repair_decision", "replacement_request", "device_replacement"}


class Machine(RuleBasedStateMachine):
    """One ticket in the hands of everybody at once."""

    @initialize(origin=st.sampled_from(["automatic", "letter", "phone"]), side=st.sampled_from(["site", "data_center"]))
    def open(self, origin: str, side: str) -> None:
        self.case = Case.open(origin=origin, side=side, domain="dc" if side == "data_center" else "site_uplink")
        self.script = Script(self.case)
        self.touched = origin != "automatic"
        self.last: sop.Act | None = None
        self.shadow: sop.Ticket | None = None
        self.replayed = 0

    def expected(self, action: str, role: str) -> str | None:
        found = ORACLE.get((self.case.ticket.step.key, action))
        if found is None or not self.case.ticket.is_open:
            return None
        to, roles, wants_service = found
        if role not in roles or (wants_service and self.case.stable_since is None):
            return None
        if action == "cancel_self_recovered" and (self.touched or self.case.stable_since is None):
            return None
        return None if action == "merge" and not self.case.open_tickets else to

    def prepared(self, action: str, role: str) -> sop.Act:
        listed = self.script.listed().get(action)
        fields = (
            {f["name"]: self.script.value(f) for f in listed["fields"] if f["required"] and f.get("choices") != []}
            if listed
            else {}
        )
        papers = [d["key"] for d in listed["documents"] if d["required"] and not d["have"]] if listed else []
        person = PERSONS[role]
        return sop.Act(action, person, person, fields=fields, documents=tuple(self.case.paper(key) for key in papers))

    @rule(action=st.sampled_from(ACTIONS), role=st.sampled_from(sorted(PERSONS)), minutes=st.integers(0, 3000))
    def try_anything(self, action: str, role: str, minutes: int) -> None:
        """Exactly the oracle's transitions succeed; all else is refused and changes nothing."""
        self.case.now += timedelta(minutes=minutes)
        self.attempt(action, role)

    @rule(data=st.data(), acts=st.integers(1, 6), minutes=st.integers(0, 3000), heals=st.booleans())
    @precondition(lambda self: self.case.ticket.is_open)
    def go_on(self, data: st.DataObject, acts: int, minutes: int, heals: bool) -> None:
        """Take some actions that the step has, by somebody of a fitting role, so that runs get far."""
        if heals:
            self.the_network_heals()
        for _ in range(acts):
            if not self.case.ticket.is_open:
                return
            self.case.now += timedelta(minutes=minutes)
            step = self.case.ticket.step.key
            here = [(action, role) for (at, action), (_, roles, _) in ORACLE.items() if at == step for role in sorted(roles)]
            onward = [
                (action, role) for action, role in here if action not in {"cancel", "merge", "transfer", "cancel_self_recovered"}
            ]
            self.attempt(*data.draw(st.sampled_from(onward)))

    @rule(data=st.data())
    @precondition(lambda self: self.case.ticket.is_open and (len(self.case.entries) > 10 or not self.touched))
    def leave(self, data: st.DataObject) -> None:
        """Cancel, merge or transfer by somebody who may; late in a run, as it ends the ticket."""
        away = {"cancel", "merge", "transfer", "cancel_self_recovered"}
        step = self.case.ticket.step.key
        ways = [
            (action, role)
            for (at, action), (_, roles, _) in ORACLE.items()
            if at == step and action in away
            for role in sorted(roles)
        ]
        if ways:
            self.attempt(*data.draw(st.sampled_from(ways)))

    def attempt(self, action: str, role: str) -> None:
        before, expected = self.case.ticket, self.expected(action, role)
        act = self.prepared(action, role)
        try:
            after = self.case.take(sop.perform(procedure(), before, act, self.case.context()))
        except Refused as error:
            refused = error
        else:
            refused = None
        if refused is not None:
            assert expected is None, (before.step.key, action, role, str(refused))
            assert refused.reasons
            assert all(reason.id and reason.en and reason.key for reason in refused.reasons)
            return
        assert expected is not None, (before.step.key, action, role)
        assert expected == (after.step.key if after.is_open or after.state == "done" else after.state.value)
        assert after.hold is None
        self.touched = self.touched or role != "system"
        self.last = act

    @rule()
    @precondition(lambda self: self.last is not None and self.last.action != "return_form")
    def repeat_the_last_act(self) -> None:
        """The same act a second time never counts twice: the step has been left (or the role, or the papers, no longer fit)."""
        assert self.last is not None
        if ORACLE.get((self.case.ticket.step.key, self.last.action)) is not None:
            return
        before = self.case.ticket
        with pytest.raises(Refused):
            sop.perform(procedure(), before, self.last, self.case.context())

    @rule(role=st.sampled_from(sorted(PERSONS)))
    def hold_or_resume(self, role: str) -> None:
        """Hold is a flag in steps 5 to 9, for the team and the division head."""
        ticket, person = self.case.ticket, PERSONS[role]
        action = "hold" if ticket.hold is None else "resume"
        end = (self.case.now + timedelta(days=3)).isoformat()
        fields = {"hold_reason": "awaiting_spare_part", "expected_end": end} if action == "hold" else {}
        allowed = ticket.is_open and role in {TEAM, HEAD} and (action == "resume" or ticket.step.key in HOLD_STEPS)
        try:
            after = self.case.take(
                sop.perform(procedure(), ticket, sop.Act(action, person, person, fields=fields), self.case.context())
            )
        except Refused:
            assert not allowed
            return
        assert allowed
        self.touched = True
        assert (after.hold is None) == (action == "resume")
        assert after.step.key == ticket.step.key
        assert after.step.due_at == ticket.step.due_at  # gross time always runs

    @rule()
    def the_network_heals(self) -> None:
        if self.case.stable_since is None:
            self.case.heal()

    @rule()
    def the_network_fails(self) -> None:
        self.case.stable_since = None

    @rule()
    def another_ticket_opens_or_closes(self) -> None:
        self.case.open_tickets = frozenset() if self.case.open_tickets else frozenset({"NW-2026-000002", self.case.ticket.id})

    @rule(up=st.booleans())
    @precondition(lambda self: self.case.ticket.is_open)
    def the_daemon_notes(self, up: bool) -> None:
        """Facts of the network never leave a step."""
        before = self.case.ticket
        changes = {
            "affected": {"sekupang-rtr": {"state": "up" if up else "down", "since": self.case.now}},
            "flags": {"recovered": up or None},
        }
        after = self.case.take(
            sop.note(procedure(), before, "recovered" if up else "out_again", now=self.case.now, changes=changes)
        )
        assert after.step == before.step

    @rule(key=st.sampled_from(["incoming_letter", "work_minutes", "replacement_request_form"]))
    def somebody_attaches(self, key: str) -> None:
        """Papers come when their step has been reached, and never to a closed ticket."""
        before = self.case.ticket
        act = sop.Act("attach", PERSONS[TEAM], PERSONS[TEAM], documents=(self.case.paper(key),))
        first = {"incoming_letter": 1, "work_minutes": 10, "replacement_request_form": 8}[key]
        allowed = before.is_open and procedure().steps[before.step.key].number >= first
        try:
            after = self.case.take(sop.attach(procedure(), before, act, self.case.context()))
        except Refused:
            assert not allowed
            return
        assert allowed
        self.touched = True
        assert [d.revision for d in after.papers(key)] == list(range(1, len(after.papers(key)) + 1))

    @invariant()
    def the_entries_give_the_ticket(self) -> None:
        """I2 step by step, through JSON text as the journal and the store keep it."""
        for entry in self.case.entries[self.replayed :]:
            body = json.loads(json.dumps(entry.to_body()))
            assert not has_float(body)
            self.shadow = sop.apply(self.shadow, sop.Entry.from_body(body))
        self.replayed = len(self.case.entries)
        assert self.shadow == self.case.ticket
        assert from_json(json.loads(json.dumps(to_json(self.case.ticket)))) == self.case.ticket
        assert self.case.ticket.version == self.replayed

    def teardown(self) -> None:
        """Replay the whole life once more from nothing."""
        if hasattr(self, "case"):
            assert replayed(self.case) == self.case.ticket

    @invariant()
    def time_runs_forward_and_deadlines_stand(self) -> None:
        """Visits follow each other; every open step but `done` has a due time."""
        visits = self.case.ticket.visits
        assert all(a.left_at == b.entered_at for a, b in itertools.pairwise(visits))
        assert all((visit.due_at is None) == (visit.key == "done") for visit in visits)


def has_float(value: object) -> bool:
    if isinstance(value, dict):
        return any(has_float(item) for item in value.values())
    if isinstance(value, list):
        return any(has_float(item) for item in value)
    return isinstance(value, float)


def test_the_oracle_has_28_transitions() -> None:
    """Counting `from` lists once, as the SOP's table does."""
    assert (
        len({(action, to, frozenset(roles)) for (_, action), (to, roles, _) in ORACLE.items()}) == 27
    )  # t21 and t22 share all three
    assert len(ACTIONS) == 27


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=EXAMPLES, stateful_step_count=40, deadline=None)
