"""How to log in to one device: made in one place, of what the inventory, the settings and the credentials say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netwatch.inventory.model import Device
from netwatch.settings import Credential


@dataclass(frozen=True, slots=True)
class Login:
    """How to log in to one device. `address` is numeric; `platform` is netmiko's device_type."""

    device: str
    address: str
    platform: str | None
    credential: Credential | None
    port: int = 22
    profile: str = "modern"  # modern | legacy


def login_of(device: Device, address: str, credentials: Mapping[str, Credential]) -> Login | None:
    """Return how to log in to a device at its numeric address; None when the inventory or credentials.yaml name no credential."""
    if device.ssh is None or device.ssh.credential is None:
        return None
    credential = credentials.get(device.ssh.credential)
    if credential is None:
        return None
    return Login(device.id, address, device.platform, credential, port=device.ssh.port, profile=device.ssh.profile)
