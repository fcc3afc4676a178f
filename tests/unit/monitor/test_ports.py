"""What a port reads is evidence only where it is clear which port is meant."""

from __future__ import annotations

import pytest

from netwatch.observation import PortAdmin, PortOper, PortStatus, SnmpReading
from tests.unit.monitor.desk import OFFICES, Desk, city


def told(*stands: tuple[str, PortOper]) -> Desk:
    desk = Desk(city(*OFFICES))
    desk.run(30)
    ports = tuple(PortStatus(name, PortAdmin.UP, oper, index=at) for at, (name, oper) in enumerate(stands))
    for _ in range(2):
        desk.run(3)
        desk.pipeline.read(SnmpReading("dist", desk.now, answered=True, ports=ports))
    return desk


def test_ports_of_one_name_that_stand_differently_tell_nothing():
    desk = told(("ge10", PortOper.UP), ("ge10", PortOper.DOWN), ("ge11", PortOper.DOWN))
    assert [name for _, name in desk.fleet.ports] == ["ge11"]
    assert desk.fleet.port_down_times("kel1-rtr") == []


def test_ports_of_one_name_that_stand_alike_tell_what_both_say():
    desk = told(("ge10", PortOper.DOWN), ("ge10", PortOper.DOWN))
    assert desk.fleet.ports["dist", "ge10"][1].oper is PortOper.DOWN


DOWN = {PortOper.LOWER_LAYER_DOWN: 2, PortOper.DOWN: 2, PortOper.UNKNOWN: 0, PortOper.INVALID: 0, PortOper.NOT_PRESENT: 0}


@pytest.mark.parametrize(("oper", "down"), DOWN.items())
def test_a_lower_layer_that_is_down_is_down_and_what_is_not_known_is_not(oper, down):
    assert len(told(("ge10", oper)).fleet.port_down_times("kel1-rtr")) == down
