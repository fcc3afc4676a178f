"""Device over groups in order over defaults, as in Nornir; equal results become one object."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

from netwatch.inventory.model import Device, SnmpSettings, SshSettings, Uplink
from netwatch.inventory.schema import DevicePart, Inheritable

Layer = Mapping[str, Any]  # field -> value; snmp, ssh and credentials are mappings of their own, or None when switched off
H = TypeVar("H", bound=Hashable)

_NESTED = ("snmp", "ssh", "credentials")
_FIELDS = frozenset(Inheritable.model_fields)


class Inheritance:
    """Makes devices out of what the file says about them, their groups and everything."""

    def __init__(self, defaults: Inheritable | None, groups: Mapping[str, Inheritable]) -> None:
        self._defaults = _layer(defaults) if defaults is not None else {}
        self._groups = {name: _layer(group) for name, group in groups.items()}
        self._below: dict[tuple[str, ...], Layer] = {(): self._defaults}
        self._one: dict[Any, Any] = {}

    def device(self, name: str, part: DevicePart, uplinks: tuple[Uplink, ...]) -> Device:
        """Return the device with all it inherits; `monitor` keeps only what can be read (SNMP and SSH need a credential)."""
        groups = self._same(part.groups)
        below = self._below.get(groups)
        if below is None:
            below = self._below[groups] = self._merged_groups(groups)
        own = part.model_fields_set & _FIELDS
        facts = _merge(_layer(part), below) if own else below
        asked = facts.get("monitor", Inheritable.model_fields["monitor"].default)
        snmp = self._snmp(facts) if "snmp" in asked else None
        ssh = self._ssh(facts) if "ssh" in asked else None
        able = {"icmp": True, "snmp": snmp is not None, "ssh": ssh is not None}
        return Device(
            id=name,
            site=part.site,
            role=part.role,
            address=part.address,
            uplinks=uplinks,
            platform=facts.get("platform"),
            groups=groups,
            snmp=snmp,
            ssh=ssh,
            interval=facts.get("interval"),
            status=facts.get("status", part.status),
            monitor=self._same(tuple(kind for kind in asked if able[kind])),
            serial=part.serial,
            model=facts.get("model"),
            asset_code=part.asset_code,
            tags=self._same(facts.get("tags", ())),
        )

    def _merged_groups(self, names: tuple[str, ...]) -> Layer:
        layer: Layer = self._defaults
        for name in reversed(names):
            layer = _merge(self._groups.get(name, {}), layer)
        return layer

    def _snmp(self, facts: Layer) -> SnmpSettings | None:
        credential = (facts.get("credentials") or {}).get("snmp")
        if credential is None or facts.get("snmp", {}) is None:
            return None
        return self._same(SnmpSettings(**facts.get("snmp", {}), credential=credential))

    def _ssh(self, facts: Layer) -> SshSettings | None:
        credential = (facts.get("credentials") or {}).get("ssh")
        if credential is None or facts.get("ssh", {}) is None:
            return None
        return self._same(SshSettings(**facts.get("ssh", {}), credential=credential))

    def _same(self, value: H) -> H:
        """Return the first object that was equal to this one."""
        same: H = self._one.setdefault(value, value)
        return same


def _layer(part: Inheritable) -> Layer:
    """Return what a part says itself; a key that is written as nothing (null) takes away what would be inherited."""
    layer: dict[str, Any] = {}
    for name in part.model_fields_set & _FIELDS:
        value = getattr(part, name)
        if name in _NESTED and value is not None:
            value = {field: getattr(value, field) for field in value.model_fields_set}
        layer[name] = value
    return layer


def _merge(upper: Layer, lower: Layer) -> Layer:
    merged = dict(lower)
    for name, value in upper.items():
        beneath = lower.get(name)
        merged[name] = {**beneath, **value} if isinstance(value, dict) and isinstance(beneath, dict) else value
    return merged
