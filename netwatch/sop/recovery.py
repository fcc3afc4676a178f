"""Guards that ask the network: is service back, and for how long (SOP.md G3, G22). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from netwatch.errors import Reason
from netwatch.sop.case import Case, Want


def recovery_wants(case: Case) -> Iterable[Want]:
    """Offer the division head's exception while the service is not measured as recovered (G22)."""
    if recovered(case):
        return ()
    heads = case.holders("division_head")
    return [
        Want("override_reason", required=False),
        Want("override_by", required=False, choices=heads, suggested=heads[0] if heads else None),
        Want("follow_up", required=False),
    ]


def recovered(case: Case) -> bool:
    """Say whether every affected device is measured up, without a break, for long enough; or an exception of this round holds."""
    since = case.context.stable_since
    if since is not None and case.context.now - since >= timedelta(seconds=case.context.stable_before_close_s):
        return True
    return "recovery_override" in case.ticket.flags


def service_recovered(case: Case) -> Reason | None:
    """Want a measured, stable recovery, or the division head's exception with reason and follow-up."""
    if recovered(case):
        return None
    given = [name for name in ("override_reason", "override_by", "follow_up") if case.fields.get(name) is not None]
    if len(given) == 3:
        return None
    since = case.context.stable_since
    minutes = round(case.context.stable_before_close_s / 60)
    if since is None:
        indonesian, english = "layanan belum terukur pulih", "service is not measured as recovered"
    else:
        ready = case.context.calendar.show(since + timedelta(seconds=case.context.stable_before_close_s))
        indonesian = (
            f"layanan pulih sejak {case.context.calendar.show(since)}; dihitung pulih setelah {minutes} menit stabil ({ready})"
        )
        english = f"service is back since {case.context.calendar.show(since)}; it counts after {minutes} stable minutes ({ready})"
    more = "; pengecualian Kepala Bidang: override_reason, override_by, follow_up"
    return Reason(
        "service_recovered",
        indonesian + more,
        f"{english}; exception of the division head: override_reason, override_by, follow_up",
    )


def untouched_automatic(case: Case) -> Reason | None:
    """Cancel only what the daemon opened, nobody touched, and healed long enough ago (G3)."""
    ticket, since = case.ticket, case.context.stable_since
    if ticket.origin != "automatic" or ticket.flags.get("touched"):
        return Reason("untouched_automatic", "sudah ada laporan, surat, atau tindakan orang", "somebody reported, wrote or acted")
    if since is None or case.context.now - since < timedelta(seconds=case.context.cancel_if_recovered_for_s):
        return Reason("untouched_automatic", "belum cukup lama pulih", "not recovered for long enough")
    return None
