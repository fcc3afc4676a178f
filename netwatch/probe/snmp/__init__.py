"""What devices say of themselves by SNMP: one client protocol, engines behind it, and the reading of ports and system.

Evidence, never proof: silence of the agent neither sets nor clears the state of a device.
"""

from netwatch.probe.snmp.agent import agent_of
from netwatch.probe.snmp.client import Agent, SnmpClient, SnmpError
from netwatch.probe.snmp.engines import client_for
from netwatch.probe.snmp.reader import SnmpReader

__all__ = ["Agent", "SnmpClient", "SnmpError", "SnmpReader", "agent_of", "client_for"]
