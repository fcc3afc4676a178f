"""After an outage the uptimes say what was dark and what stood behind a cut line, in the evidence of its incident."""

from __future__ import annotations

import pytest

from tests.stories.city import inventory_text
from tests.stories.stage import Stage

READ_BY_SNMP = inventory_text(8).replace("defaults: {", "defaults: {credentials: {snmp: contoh}, ")


@pytest.mark.parametrize(
    ("fault", "kind", "restarted"),
    [
        ("{power: kel-001}", "site_power", True),
        ("{link: dc-dist-1/kel-001-rtr}", "link", False),
    ],
)
def test_an_outage_is_judged_once_more_after_its_recovery(stage: Stage, fault: str, kind: str, *, restarted: bool) -> None:
    """The port above shows the same in both: while it lasted, a dark office and a cut line looked alike."""
    played = stage.play(
        f"""
        seed: 3
        duration: 1500
        events:
          - {{at: 200, fail: {fault}}}
          - {{at: 700, repair: {fault}}}
        """,
        inventory=READ_BY_SNMP,
    )
    store = played.store()
    try:
        with store.read() as tx:
            (incident,) = tx.incidents.list()
            assert incident.id is not None
            bodies = [each.body for each in tx.incidents.evidence(incident.id) if each.kind == "after_recovery"]
    finally:
        store.close()
    (body,) = bodies
    assert body["rebooted"] == {"kel-001-rtr": restarted, "kel-001-sw1": restarted}
    assert body["cause"]["kind"] == kind
