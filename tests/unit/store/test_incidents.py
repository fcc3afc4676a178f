from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from netwatch.errors import Conflict, NotFound
from netwatch.incident import IncidentState
from netwatch.store import Store
from netwatch.store.verify import verify

from .conftest import NOON
from .examples import incident

HOUR = timedelta(hours=1)


def test_an_incident_comes_back_as_it_was(store: Store) -> None:
    made = incident("a", "b")
    with store.begin("t1") as tx:
        number = tx.incidents.insert(made)
    with store.read() as tx:
        assert tx.incidents.get(number) == replace(made, id=number)
        assert tx.incidents.by_key(made.key) == replace(made, id=number)
        assert tx.incidents.by_key("x") is None


def test_two_open_incidents_never_hold_the_same_device(store: Store) -> None:
    """P4: whatever the number of daemons. Also when the loci only overlap."""
    with store.begin("t1") as tx:
        tx.incidents.insert(incident("a", "b"))
    for other in (incident("a", "b", key="again"), incident("b", "c")):
        with pytest.raises(Conflict, match="already an open incident"), store.begin("t2") as tx:
            tx.incidents.insert(other)
    with store.begin("t3") as tx:
        tx.incidents.insert(incident("c"))
        assert len(tx.incidents.list(state=IncidentState.OPEN)) == 2
    assert verify(store) == []


def test_a_recovered_incident_frees_its_devices_and_a_reopened_one_takes_them_again(store: Store) -> None:
    with store.begin("t1") as tx:
        number = tx.incidents.insert(incident("a"))
        recovered = replace(tx.incidents.get(number), state=IncidentState.RECOVERED, ended_at=NOON + HOUR)
        tx.incidents.update(recovered, verb="recovered", reason={"code": "answered"})
    with store.begin("t2") as tx:
        other = tx.incidents.insert(incident("a", at=NOON + 2 * HOUR))
    with pytest.raises(Conflict), store.begin("t3") as tx:
        tx.incidents.update(replace(recovered, state=IncidentState.OPEN, ended_at=None), verb="reopened")
    with store.begin("t4") as tx:
        tx.incidents.update(
            replace(tx.incidents.get(other), state=IncidentState.MERGED, merged_into=recovered.key), verb="merged"
        )
        tx.incidents.update(replace(recovered, state=IncidentState.OPEN, ended_at=None), verb="reopened")
    assert verify(store) == []


def test_a_locus_may_grow_and_shrink(store: Store) -> None:
    with store.begin("t1") as tx:
        number = tx.incidents.insert(incident("a"))
    with store.begin("t2") as tx:
        tx.incidents.update(replace(tx.incidents.get(number), locus=frozenset({"a", "b"})))
    with pytest.raises(Conflict), store.begin("t3") as tx:
        tx.incidents.insert(incident("b"))
    with store.begin("t4") as tx:
        tx.incidents.update(replace(tx.incidents.get(number), locus=frozenset({"b"})))
        tx.incidents.insert(incident("a", key="another"))
    assert verify(store) == []


def test_every_change_has_its_entry(store: Store) -> None:
    with store.begin("t1") as tx:
        number = tx.incidents.insert(incident("a"), reason={"code": "silent", "for_s": 30.5})
        tx.incidents.update(tx.incidents.get(number), verb="joined", reason={"code": "late_victim", "device": "b"})
    with store.read() as tx:
        bodies = [entry.body for entry in tx.journal.of_incident(number)]
        assert [(body["kind"], body["action"]) for body in bodies] == [("incident", "opened"), ("incident", "joined")]
        assert bodies[0]["fields"]["reason"] == {"code": "silent", "for_s": 30.5}
        assert bodies[0]["fields"]["confidence"] == 0.71


def test_reconcile_gets_the_open_ones_and_those_that_recovered_lately(store: Store) -> None:
    with store.begin("t1") as tx:
        still = tx.incidents.insert(incident("a"))
        for name, ended in (("b", NOON + HOUR), ("c", NOON + 3 * HOUR)):
            tx.incidents.insert(incident(name, state=IncidentState.RECOVERED, ended_at=ended))
    with store.read() as tx:
        known = tx.incidents.load_known(NOON + 2 * HOUR)
        assert [(sorted(found.locus), found.id == still) for found in known] == [(["a"], True), (["c"], False)]
        assert len(tx.incidents.list(since=NOON + 2 * HOUR)) == 2
        assert len(tx.incidents.list(until=NOON)) == 0


def test_evidence_is_kept_once_per_content(store: Store) -> None:
    with store.begin("t1") as tx:
        number = tx.incidents.insert(incident("a"))
        first = tx.incidents.add_evidence(number, "snapshot", {"at": NOON, "loss": 0.5})
        assert tx.incidents.add_evidence(number, "snapshot", {"at": NOON, "loss": 0.5}) == first
        tx.incidents.add_evidence(number, "snapshot", {"at": NOON, "loss": 0.6})
    with store.read() as tx:
        kept = tx.incidents.evidence(number)
        assert len(kept) == 2
        assert kept[0].body == {"at": "2026-11-24T05:00:00.000000Z", "loss": 0.5}


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with store.read() as tx, pytest.raises(NotFound):
        tx.incidents.get(7)
    with pytest.raises(NotFound), store.begin("t1") as tx:
        tx.incidents.update(incident("a", id=7))
    with pytest.raises(ValueError), store.begin("t2") as tx:
        tx.incidents.update(incident("a"))


def test_an_acknowledgement_has_a_reason_holds_and_expires(store: Store) -> None:
    with store.begin("t1") as tx:
        number = tx.incidents.insert(incident("a"))
        tx.acknowledgements.add(number, by="contoh-staf", at=NOON, reason="teknisi di jalan", expires_at=NOON + HOUR)
        with pytest.raises(ValueError):
            tx.acknowledgements.add(number, by="contoh-staf", at=NOON, reason=" ")
    with store.read() as tx:
        assert [ack.reason for ack in tx.acknowledgements.holding(NOON)] == ["teknisi di jalan"]
        assert tx.acknowledgements.holding(NOON + HOUR) == []
        assert [ack.incident for ack in tx.acknowledgements.expired(NOON + HOUR)] == [number]
    with store.begin("t2") as tx:
        tx.acknowledgements.add(number, by="contoh-staf", at=NOON, reason="menunggu suku cadang")
        assert tx.acknowledgements.end(number, NOON + HOUR) == 1
    with store.read() as tx:
        assert [ack.ended_at for ack in tx.acknowledgements.of(number)] == [NOON, NOON + HOUR]
    assert verify(store) == []
