"""How netwatch speaks to a device by SNMP: what the inventory, the credentials and the configuration say, in one `Agent`."""

from __future__ import annotations

from netwatch.inventory.model import Device, SnmpSettings
from netwatch.probe.snmp.client import Agent
from netwatch.settings import Credential, Snmp


def agent_of(device: Device, address: str, credential: Credential | None, settings: Snmp) -> Agent:
    """Return the agent of a device at a numeric address. What the device leaves open (`engine: auto`), the configuration says."""
    own = device.snmp or SnmpSettings()
    known = credential or Credential(name="")
    return Agent(
        device.id,
        address,
        community=known.community,
        port=own.port,
        version=own.version,
        timeout=settings.timeout,
        retries=settings.retries,
        bulk=own.bulk,
        engine=settings.engine if own.engine == "auto" else own.engine,
        username=known.username,
        auth_protocol=known.auth_protocol,
        auth_key=known.auth_key,
        privacy_protocol=known.privacy_protocol,
        privacy_key=known.privacy_key,
        context=own.context,
    )
