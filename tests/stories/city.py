"""Small cities for stories: a Data Center, a distribution router per dozen offices, a router and a switch in each office."""

from __future__ import annotations

import textwrap
from pathlib import Path

PER_DISTRIBUTION = 12


def inventory_text(offices: int, *, devices_per_office: int = 2, circuit_every: int = 2) -> str:
    """Return an inventory with `offices` offices named kel-001 and so on.

    Every second access link is a provider's circuit. Neighbouring offices share a power feed in fives; the access links of each
    distribution router share a duct in threes.
    """
    distributions = max(1, -(-offices // PER_DISTRIBUTION))
    lines = [
        "version: 1",
        "vantage: dc-core",
        "defaults: {snmp: {version: 2c}}",
        "sites:",
        "  dc: {name: Data Center Pemko Batam, kind: data_center}",
    ]
    names = [f"kel-{number:03d}" for number in range(1, offices + 1)]
    lines += [f"  {name}: {{name: Kantor Kelurahan {name[4:]}, kind: office, opd: Kelurahan {name[4:]}}}" for name in names]
    lines += ["devices:", "  dc-core: {site: dc, role: core, address: 10.255.0.1}"]
    for number in range(1, distributions + 1):
        lines.append(
            f"  dc-dist-{number}: {{site: dc, role: distribution, address: 10.255.1.{number}, "
            f"uplinks: [{{to: dc-core, port: ge{number}, own_port: ge0}}]}}"
        )
    for index, name in enumerate(names):
        above, port = index // PER_DISTRIBUTION + 1, index % PER_DISTRIBUTION + 1
        kind = ", kind: circuit, provider: telkom" if index % circuit_every else ""
        high, low = divmod(index, 250)
        lines.append(
            f"  {name}-rtr: {{site: {name}, role: router, address: 10.20{high}.{low}.1, "
            f"uplinks: [{{to: dc-dist-{above}, port: ge{port}, own_port: ge0{kind}}}]}}"
        )
        for number in range(2, devices_per_office + 1):
            lines.append(
                f"  {name}-sw{number - 1}: {{site: {name}, role: switch, address: 10.20{high}.{low}.{number}, "
                f"uplinks: [{{to: {name}-rtr, port: ge{number}, own_port: port1}}]}}"
            )
    lines.append("risk_groups:")
    for start in range(0, offices, 5):
        members = ", ".join(names[start : start + 5])
        lines.append(f"  pln-{start // 5 + 1}: {{kind: power, sites: [{members}]}}")
    for start in range(0, offices, 3):
        links = ", ".join(f"dc-dist-{i // PER_DISTRIBUTION + 1}/{names[i]}-rtr" for i in range(start, min(start + 3, offices)))
        lines.append(f"  duct-{start // 3 + 1}: {{kind: cable, links: [{links}]}}")
    return "\n".join(lines) + "\n"


def write_story(folder: Path, scenario: str, *, offices: int = 8, inventory: str | None = None) -> Path:
    """Write a scenario and its city into `folder`; returns the scenario's path. The key `inventory` is added."""
    (folder / "inventory.yaml").write_text(inventory or inventory_text(offices))
    path = folder / "scenario.yaml"
    path.write_text("inventory: inventory.yaml\n" + textwrap.dedent(scenario))
    return path
