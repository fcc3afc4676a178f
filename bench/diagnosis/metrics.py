"""Counts answers against truths: tickets per fault, exact, place, domain, side, and how much a stated confidence is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.diagnosis import truth
from bench.diagnosis.truth import Truth
from netwatch.diagnose.cause import Cause, CauseKind, Domain

SITE_DOMAINS = frozenset({Domain.SITE_DEVICE, Domain.SITE_POWER, Domain.SITE_UPLINK})


@dataclass(slots=True)
class Score:
    """Counts over many events; the properties are the figures of the table."""

    faults: int = 0
    tickets: int = 0  # answers, records of lost redundancy left out
    exact_faults: int = 0
    exact_tickets: int = 0
    placed_faults: int = 0
    placed_tickets: int = 0
    domain_right: int = 0
    side_right: int = 0
    redundancy_lost: int = 0
    redundancy_found: int = 0
    by_model: dict[str, list[int]] = field(default_factory=dict)  # model -> [faults, exact, domain right]
    confusion: Counter[tuple[str, str]] = field(
        default_factory=Counter
    )  # (model: true kind, answered kind) of what was not exact
    deciles: dict[int, list[float]] = field(default_factory=dict)  # decile of confidence -> [answers, right, sum of confidences]

    def add(self, truths: Sequence[Truth], answers: Sequence[Cause]) -> None:
        """Count the answers to one event."""
        counted = [one for one in truths if one.counted]
        made = [answer for answer in answers if answer.kind is not CauseKind.REDUNDANCY]
        self.faults += len(counted)
        self.tickets += len(made)
        for answer in made:
            right = any((answer.kind, answer.element) in one.exact for one in truths)
            self.exact_tickets += right
            self.placed_tickets += right or any(answer.element in one.places for one in truths)
            cell = self.deciles.setdefault(min(9, int(answer.confidence * 10)), [0, 0, 0.0])
            cell[0] += 1
            cell[1] += right
            cell[2] += answer.confidence
        for one in counted:
            self._judge(one, made)
        recorded = {answer.element for answer in answers if answer.kind is CauseKind.REDUNDANCY}
        for one in truths:
            if one.lost_redundancy:
                self.redundancy_lost += 1
                self.redundancy_found += any(name in recorded for _, name in one.exact)

    def _judge(self, one: Truth, made: Sequence[Cause]) -> None:
        best = answer_to(one, made)
        row = self.by_model.setdefault(one.model, [0, 0, 0])
        row[0] += 1
        exact = best is not None and (best.kind, best.element) in one.exact
        domain = best is not None and best.domain is one.domain
        row[1] += exact
        row[2] += domain
        self.exact_faults += exact
        self.placed_faults += best is not None
        self.domain_right += domain
        self.side_right += best is not None and truth.side(best.side) == one.side
        if not exact:
            self.confusion[f"{one.model}: {one.kind.value}", "nothing" if best is None else best.kind.value] += 1

    @property
    def tickets_per_fault(self) -> float:
        """Return tickets for each fault that somebody could see."""
        return _ratio(self.tickets, self.faults)

    @property
    def figures(self) -> dict[str, float]:
        """Return the columns of the table."""
        return {
            "tickets_per_fault": self.tickets_per_fault,
            "exact_precision": _ratio(self.exact_tickets, self.tickets),
            "exact_recall": _ratio(self.exact_faults, self.faults),
            "place_precision": _ratio(self.placed_tickets, self.tickets),
            "place_recall": _ratio(self.placed_faults, self.faults),
            "domain": _ratio(self.domain_right, self.faults),
            "side": _ratio(self.side_right, self.faults),
            "redundancy_found": _ratio(self.redundancy_found, self.redundancy_lost),
        }


def answer_to(one: Truth, answers: Sequence[Cause]) -> Cause | None:
    """Return the answer that speaks of a fault: the exact one, else the one at its place that explains most of its victims."""
    exact = [answer for answer in answers if (answer.kind, answer.element) in one.exact]
    if exact:
        return exact[0]
    near = [answer for answer in answers if answer.element in one.places]
    return max(near, key=lambda answer: (len(answer.affected & one.victims), answer.confidence), default=None)


def office_tickets(answers: Sequence[Cause]) -> int:
    """Return how many answers would send somebody to an office."""
    return sum(answer.domain in SITE_DOMAINS for answer in answers)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
