"""`netwatch demo`: the simulated story, where nothing may be touched; exit 0 only if everything it showed was true."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.cli.output import pick

STORY = Path(__file__).with_name("demo.yaml")
DOWN_WITHIN_S = 33.0  # DIAGNOSIS 1.3
TOLD = {
    "fault_began": ("kabel {element} putus", "the cable {element} is cut"),
    "fault_ended": ("kabel {element} disambung lagi", "the cable {element} is mended"),
    "device_down": ("{device} mati: {reason}", "{device} is down: {reason}"),
    "device_unreachable": ("{device} tidak terjangkau, di belakang {behind}", "{device} is unreachable, behind {behind}"),
    "ticket_opened": ("tiket {ticket} dibuka", "ticket {ticket} is opened"),
    "incident_recovered": ("gangguan pulih; tiketnya tetap terbuka", "the incident has recovered; its ticket stays open"),
    "act_done": ("{ticket}: {action}", "{ticket}: {action}"),
    "act_refused": ("{ticket}: {action} ditolak: {reason}", "{ticket}: {action} is refused: {reason}"),
}


def register(root: typer.Typer) -> None:
    """Add `demo`."""

    @root.command("demo")
    def demo() -> None:
        """Cerita tiruan: dari kabel putus sampai tiket selesai. / The simulated story, from cable to closure."""
        from netwatch.simulate.run import Simulation
        from netwatch.simulate.scenario import load_scenario

        output.line(
            pick(
                "Jaringan dan jam di sini tiruan; deteksi, diagnosis, basis data dan prosedurnya sungguhan.",
                "Network and clock are simulated here; detection, diagnosis, database and procedure are the real ones.",
            )
        )
        scenario, inventory = load_scenario(STORY)
        with tempfile.TemporaryDirectory(prefix="netwatch-demo-") as folder:
            result = Simulation(scenario, inventory, STORY.parent, Path(folder)).run()
        for line in story(result.timeline):
            output.line(line)
        if not _all_true(result.timeline, result.tickets):
            raise typer.Exit(1)


def story(timeline: list[dict[str, Any]]) -> list[str]:
    """Return the timeline as sentences with the simulated seconds before them; what repeats itself is told once."""
    lines: list[str] = []
    known: set[str] = set()
    for event in timeline:
        if event["event"] in TOLD:
            sentence = pick(*TOLD[event["event"]]).format_map({**event, "behind": event.get("behind", "-")})
            if event["event"] not in ("device_down", "device_unreachable") or event["device"] not in known:
                lines.append(f"{event['at']:>9.0f} s  {sentence}")
            if event["event"].startswith("device_"):
                known.add(event["device"])
    return lines


def _all_true(timeline: list[dict[str, Any]], tickets: list[dict[str, Any]]) -> bool:
    cut = _first(timeline, event="fault_began")
    down = _first(timeline, event="device_down", device="tiban-rtr")
    seconds = down["at"] - cut["at"] if cut and down else float("inf")
    true = [
        _check(seconds <= DOWN_WITHIN_S, f"mati setelah {seconds:.0f} detik", f"down after {seconds:.0f} s"),
        _check(len(tickets) == 1, "tepat satu tiket", "exactly one ticket"),
        _check([t["site"] for t in tickets] == ["kel-tiban"], "tempatnya benar", "the right place"),
        _check([_side(t) for t in tickets] == ["site"], "sisinya benar: lokasi", "the right side: site"),
        _check(
            [t["state"] for t in tickets] == ["done"],
            "tiket selesai melalui prosedur",
            "the ticket is done, through the procedure",
        ),
    ]
    return all(true)


def _first(timeline: list[dict[str, Any]], **wanted: str) -> Mapping[str, Any] | None:
    return next((event for event in timeline if all(event.get(key) == value for key, value in wanted.items())), None)


def _side(ticket: Mapping[str, Any]) -> str | None:
    cause = (ticket["incident"] or {}).get("cause") or {}
    side: str | None = cause.get("side")
    return side


def _check(truth: bool, indonesian: str, english: str) -> bool:
    word = pick("benar", "true ") if truth else pick("SALAH", "FALSE")
    output.line(f"   {word}  {pick(indonesian, english)}")
    return truth
