"""What time alone does to tickets."""

from __future__ import annotations

from datetime import UTC, datetime

from netwatch import casework
from netwatch.detect.state import State
from netwatch.store.verify import verify
from tests.unit.casework.office import Office


def sweep(office: Office) -> casework.Swept:
    office.beat()
    return office.tx(lambda tx: casework.sweep(tx, office.world, office.clock.now()))


def messages(office: Office) -> list[str]:
    with office.store.read() as tx:
        return [message.payload["kind"] for message in tx.outbox.list()]


def test_an_untouched_ticket_whose_place_is_up_for_an_hour_is_cancelled(office: Office) -> None:
    ticket = office.open()
    office.clock.advance(minutes=5)
    office.recover("sekupang-rtr", "sekupang-sw")
    office.clock.advance(minutes=59)
    assert sweep(office).cancelled == ()
    office.clock.advance(minutes=2)
    assert sweep(office).cancelled == (ticket["id"],)
    after = office.show(ticket["id"])
    assert after["state"] == "cancelled"
    assert after["flags"]["short_outage"] is True
    assert sweep(office).cancelled == ()
    assert verify(office.store) == []


def test_a_ticket_that_somebody_touched_is_never_cancelled_by_netwatch(office: Office) -> None:
    ticket = office.open()
    office.do(
        ticket["id"],
        "dispose",
        "contoh-kadis",
        papers=("disposition_sheet",),
        forwarded_to="contoh-kabid",
        disposition_text="periksa",
    )
    office.recover("sekupang-rtr", "sekupang-sw")
    office.clock.advance(hours=3)
    assert sweep(office).cancelled == ()
    assert office.show(ticket["id"])["state"] == "open"


def test_time_in_which_nobody_measured_is_no_service(office: Office) -> None:
    """The monitor was blind for half an hour after the recovery: the hour begins again."""
    ticket = office.open()
    office.recover("sekupang-rtr", "sekupang-sw")
    office.clock.advance(minutes=30)
    office.tx(lambda tx: tx.blind.add("stopped", office.clock.now(), office.clock.advance(minutes=20)))
    office.clock.advance(minutes=30)
    assert sweep(office).cancelled == ()
    office.clock.advance(minutes=31)
    assert sweep(office).cancelled == (ticket["id"],)


def test_a_monitor_that_is_silent_or_cut_off_proves_no_service(office: Office) -> None:
    office.open()
    office.recover("sekupang-rtr", "sekupang-sw")
    office.clock.advance(hours=2)
    assert office.tx(lambda tx: casework.sweep(tx, office.world, office.clock.now())).cancelled == ()
    office.beat(isolated=True)
    assert office.tx(lambda tx: casework.sweep(tx, office.world, office.clock.now())).cancelled == ()


def test_a_degraded_device_is_no_stable_service(office: Office) -> None:
    office.open()
    office.recover("sekupang-rtr", "sekupang-sw")
    office.states(State.DEGRADED, "sekupang-sw")
    office.clock.advance(hours=2)
    assert sweep(office).cancelled == ()


def test_a_step_is_reminded_then_late_then_escalated_and_each_is_told_once(office: Office) -> None:
    ticket = office.open()  # Tuesday 08.15: due Wednesday 08.15
    office.clock.at = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert sweep(office).reminded == ()
    office.clock.at = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # less than half a working day left
    assert sweep(office).reminded == (ticket["id"],)
    assert sweep(office).reminded == ()
    office.clock.at = datetime(2026, 11, 25, 1, 16, tzinfo=UTC)
    assert sweep(office).late == (ticket["id"],)
    assert sweep(office).late == ()
    assert office.show(ticket["id"])["step"]["overdue"] is True
    office.clock.at = datetime(2026, 11, 26, 1, 16, tzinfo=UTC)
    assert sweep(office).late == (ticket["id"],)
    assert office.show(ticket["id"])["flags"]["late"]["days"] == 1
    assert office.show(ticket["id"])["step"]["key"] == "agency_disposition", "lateness never advances anything"
    assert messages(office).count("step_reminder") == 1
    assert messages(office).count("step_late") == 2
    assert verify(office.store) == []


def test_six_steps_late_at_once_are_one_notice_for_a_person(office: Office) -> None:
    """More than five at once means that the clock jumped, not that six offices slept (RELIABILITY 4, row 14)."""
    sites = ("kec-sekupang", "kel-tiban", "dc") * 2
    for number, site in enumerate(sites):
        given = casework.Report(site=site, symptom=f"putus {number}", reporter="Contoh", recorded_by="contoh-teknisi-1")
        office.tx(lambda tx, given=given: casework.reporting.open_new(tx, office.world, given, (), None))
    office.clock.advance(days=3)
    swept = sweep(office)
    assert swept.storm
    assert len(swept.late) == 6
    assert messages(office).count("many_late") == 1
    assert "step_late" not in messages(office)


def test_an_acknowledgement_that_ran_out_reminds_again(office: Office) -> None:
    from datetime import timedelta

    office.open()
    casework.acknowledge(office.store, 1, by="contoh-teknisi-1", reason="teknisi di jalan", valid_for=timedelta(hours=1))
    assert sweep(office).reminded_again == ()
    office.clock.advance(hours=1, minutes=1)
    assert sweep(office).reminded_again == (1,)
    assert sweep(office).reminded_again == ()
