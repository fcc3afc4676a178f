"""Causes as the JSON of INTERFACES ("cause", "netwatch.diagnosis/1"), and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from netwatch.diagnose.cause import Alternative, Cause, CauseKind, Domain, Evidence, Side
from netwatch.diagnose.explain import sentence

DIAGNOSIS_SCHEMA = "netwatch.diagnosis/1"


def cause_json(cause: Cause) -> dict[str, Any]:
    """Return a cause as INTERFACES shows it, each piece of evidence with its sentences and its values."""
    return {
        "kind": cause.kind.value,
        "element": cause.element,
        "side": cause.side.value,
        "domain": cause.domain.value,
        "confidence": cause.confidence,
        "locus": sorted(cause.locus),
        "affected": sorted(cause.affected),
        "evidence": [
            {"code": one.code, "id": sentence(one, "id"), "en": sentence(one, "en"), "values": dict(one.values)}
            for one in cause.evidence
        ],
        "alternatives": [
            {
                "kind": other.kind.value,
                "element": other.element,
                "side": other.side.value,
                "domain": other.domain.value,
                "confidence": other.confidence,
            }
            for other in cause.alternatives
        ],
    }


def cause_from_json(data: Mapping[str, Any]) -> Cause:
    """Return the cause that `cause_json` wrote. KeyError or ValueError when it is not one."""
    return Cause(
        kind=CauseKind(data["kind"]),
        element=data["element"],
        side=Side(data["side"]),
        domain=Domain(data["domain"]),
        confidence=data["confidence"],
        locus=frozenset(data["locus"]),
        affected=frozenset(data["affected"]),
        evidence=tuple(Evidence(one["code"], dict(one["values"])) for one in data["evidence"]),
        alternatives=tuple(
            Alternative(
                CauseKind(other["kind"]), other["element"], Side(other["side"]), Domain(other["domain"]), other["confidence"]
            )
            for other in data["alternatives"]
        ),
    )


def diagnosis_json(at: datetime, causes: Sequence[Cause], hidden: Mapping[str, str]) -> dict[str, Any]:
    """Return `netwatch.diagnosis/1`: the causes in their order, and the devices that an entry explains."""
    return {
        "schema": DIAGNOSIS_SCHEMA,
        "at": rfc3339(at),
        "causes": [cause_json(cause) for cause in causes],
        "unreachable": sorted(hidden),
    }


def rfc3339(at: datetime) -> str:
    """Write a time in UTC with a `Z`; fractions only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
