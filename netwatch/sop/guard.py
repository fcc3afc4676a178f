"""What a guard is, and how its list of fields and papers becomes a refusal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from netwatch.errors import Reason
from netwatch.sop.case import Case, Paper, Want


@dataclass(frozen=True, slots=True)
class Guard:
    """One named guard."""

    key: str
    wants: Callable[[Case], Iterable[Want]] = lambda _: ()
    papers: Callable[[Case], Iterable[Paper]] = lambda _: ()
    rest: Callable[[Case], Reason | None] = lambda _: None
    fact: Callable[[Case], Reason | None] = lambda _: None  # like rest, but nothing a person fills in can change it

    def __call__(self, case: Case) -> Reason | None:
        """Return None when the guard is satisfied, else what is missing."""
        return self.missing(case) or self.fact(case) or self.rest(case)

    def missing(self, case: Case) -> Reason | None:
        """Return the fields and papers that are not there, and the values the guard does not accept."""
        absent: list[str] = []
        for want in self.wants(case):
            given = case.known(want.name) if want.recorded else case.fields.get(want.name)
            if given is None:
                needed = want.required or (want.required_if and all(case.fields.get(k) == v for k, v in want.required_if.items()))
                if needed and not any(case.fields.get(other) is not None for other in want.instead):
                    absent.append(want.name)
                continue
            wrong = not_accepted(case, want, given)
            if wrong is not None:
                return wrong
        lost = [paper.key for paper in self.papers(case) if paper.required and not paper.have and not waived(case, paper)]
        if not absent and not lost:
            return None
        guard = case.procedure.guards[self.key]
        named = [f"{name} ({case.procedure.fields[name].label})" for name in absent]
        named += [f"dokumen {key} ({case.procedure.documents[key].label})" for key in lost]
        english = [*absent, *(f"document {key}" for key in lost)]
        return Reason(self.key, f"{guard.label}: belum ada {', '.join(named)}", f"{guard.gloss}: missing {', '.join(english)}")


def not_accepted(case: Case, want: Want, given: object) -> Reason | None:
    """Return why a value given for a field is not accepted."""
    kind = case.procedure.fields[want.name]
    values = given if isinstance(given, list) else [given]
    if want.choices is not None and not set(values) <= set(want.choices):
        allowed = ", ".join(want.choices) or "-"
        return Reason(
            f"{want.name}_not_accepted",
            f"{want.name} ({kind.label}) tidak boleh '{', '.join(map(str, values))}'; yang diterima: {allowed}",
            f"{want.name} cannot be '{', '.join(map(str, values))}'; accepted: {allowed}",
        )
    if want.differs_from is not None and given == case.fields.get(want.differs_from):
        return Reason(
            f"{want.name}_not_different",
            f"{want.name} ({kind.label}) harus berbeda dari {want.differs_from}",
            f"{want.name} must differ from {want.differs_from}",
        )
    return None


def waived(case: Case, paper: Paper) -> bool:
    """Say whether a paper is replaced by fields (G20)."""
    return bool(paper.waived_by) and all(
        case.known(name) if name != "reason" else case.fields.get(name) for name in paper.waived_by
    )
