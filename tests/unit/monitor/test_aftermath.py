"""After a recovery the uptimes say what was dark and what only stood behind a cut line."""

from __future__ import annotations

import pytest

from netwatch.detect.restart import WRAP_S
from netwatch.monitor.aftermath import WAIT_S
from netwatch.monitor.records import AfterRecovery
from netwatch.observation import SnmpReading
from tests.unit.monitor.desk import OFFICES, Desk, city

DAY = 86_400.0


def outage(*, restarted=(), read=("kel1-rtr", "kel1-sw"), before=30 * DAY, lasts=300.0):
    """Play the outage of one office: its devices are read before, fall silent, come back, and are read again."""
    desk = Desk(city(*OFFICES))
    desk.run(30)
    booted = dict.fromkeys(("kel1-rtr", "kel1-sw"), desk.now - before)

    def say(devices):
        for device in devices:
            desk.pipeline.read(SnmpReading(device, desk.now, answered=True, uptime_s=(desk.now - booted[device]) % WRAP_S))

    say(booted)
    desk.run(30)
    desk.air.silent = set(booted)
    desk.run(lasts)
    desk.air.silent = set()
    booted.update(dict.fromkeys(restarted, desk.now))
    desk.run(40)
    assert desk.verbs()[-1] == "recovered"
    say(read)
    desk.run(5)
    return desk


def verdict(desk):
    (record,) = desk.written(AfterRecovery)
    return record.body


def test_an_office_whose_devices_all_started_anew_was_dark():
    body = verdict(outage(restarted=("kel1-rtr", "kel1-sw")))
    assert body["rebooted"] == {"kel1-rtr": True, "kel1-sw": True}
    assert body["cause"]["kind"] == "site_power"


@pytest.mark.parametrize("before", [30 * DAY, WRAP_S - 200])
def test_an_office_whose_devices_ran_on_stood_behind_a_cut_line_also_if_their_clocks_wrapped(before):
    body = verdict(outage(before=before))
    assert body["rebooted"] == {"kel1-rtr": False, "kel1-sw": False}
    assert (body["cause"]["kind"], body["cause"]["element"]) == ("link", "dist/kel1-rtr")


def test_a_router_that_started_anew_while_its_switch_ran_on_was_the_fault_itself():
    body = verdict(outage(restarted=("kel1-rtr",)))
    assert (body["cause"]["kind"], body["cause"]["element"]) == ("device", "kel1-rtr")
    assert body["observations"]["devices"]["kel1-rtr"]["rebooted"] is True


def test_it_is_judged_when_every_device_was_read_or_ten_minutes_have_passed():
    desk = outage(restarted=("kel1-rtr",), read=("kel1-rtr",))
    assert desk.written(AfterRecovery) == []
    desk.run(WAIT_S)
    assert verdict(desk)["rebooted"] == {"kel1-rtr": True}


def test_without_any_reading_nothing_is_judged_again():
    desk = outage(read=())
    desk.run(WAIT_S + 10)
    assert desk.written(AfterRecovery) == []


def test_a_device_that_leaves_is_forgotten():
    desk = outage()
    desk.pipeline.aftermath.restarts.forget("kel1-rtr")
    assert desk.pipeline.aftermath.restarts.rebooted("kel1-rtr", 0.0, 0.0) is None
