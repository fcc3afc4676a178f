"""`make demo`: a real fault in a small city, watched by the real daemon, becomes one ticket that is led to its end.

Exit 0 only if everything it showed was true. Where the kernel allows no namespaces it plays the simulated story, and says so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from netwatch.cli.output import pick
from netwatch.inventory.document import load_inventory
from tests.lab import agents
from tests.lab.city import City
from tests.lab.faults import Faults
from tests.lab.house import INVENTORY, NETWATCH, House, HouseError
from tests.lab.kernel import LabError, may_unshare, why_no_namespaces
from tests.lab.relay import Relay
from tests.lab.stage import Stage
from tests.stories.drive import Answer, Stuck, drive

LINK = "hub-tiban-rtr/kel-tiban-rtr"
BEHIND = {"kel-tiban-rtr", "kel-tiban-sw"}
INSIDE = "NETWATCH_DEMO_INSIDE"  # set in the second process of a plain user, which is root of its own namespaces
SHORT: dict[str, dict[str, object]] = {  # what the demo shortens, and tells that it does
    "detection": {"interval": 5, "confirm_window": 10, "up_after": 5},
    "tickets": {"open_after": 20, "reopen_within": 60, "stable_before_close": 5, "cancel_if_recovered_for": 3600},
    "snmp": {"interval": 10},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Choose the stage the machine offers, and play."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the daemon and the board running until Ctrl-C")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    reason = why_no_namespaces()
    if reason is None:
        return _play(keep=chosen.keep)
    if not os.environ.get(INSIDE) and may_unshare():
        return _as_root_of_own_namespaces(keep=chosen.keep)
    print(pick(f"Tanpa namespace jaringan: {reason}.", f"No network namespaces: {reason}."))
    print(pick("Gangguan disimulasikan; selebihnya sama.", "The fault is simulated; everything else is the same."))
    return subprocess.run([*NETWATCH, "demo"], check=False).returncode


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _as_root_of_own_namespaces(*, keep: bool) -> int:
    script = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'
    again = [sys.executable, "-m", "tests.lab.demo", *(["--keep"] if keep else [])]
    place = tempfile.mkdtemp(prefix="netwatch-demo-")
    relay = Relay.from_host(Path(place) / "board.sock") if keep else None
    inside = subprocess.Popen(["unshare", "-Urnm", "sh", "-c", script, "demo", *again], env={**os.environ, INSIDE: place})
    try:
        return inside.wait()
    except KeyboardInterrupt:  # the terminal has told the other process too
        return inside.wait(20)
    finally:
        if relay:
            relay.close()
        shutil.rmtree(place, ignore_errors=True)


def _play(*, keep: bool) -> int:
    stage = Stage()
    directory = Path(os.environ.get(INSIDE) or tempfile.mkdtemp(prefix="netwatch-demo-"))
    status = 1
    try:
        with City(load_inventory(INVENTORY), with_snmp=agents.why_no_snmpd() is None) as city:
            house = House(city, directory, changes=SHORT)
            try:
                _story(stage, city, house)
                status = stage.end()
                if keep:
                    _stay(stage, city, house)
            finally:
                house.stop()
    except KeyboardInterrupt:
        stage.tell("Dihentikan.", "Interrupted.")
        status = status if keep else 130
    except (HouseError, LabError, Stuck) as error:
        stage.check(False, str(error), str(error))
        status = stage.end()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return status


def _story(stage: Stage, city: City, house: House) -> None:
    stage.heading("Sebuah kota kecil", "A small city")
    devices, places = len(city.inventory.devices), len(city.inventory.sites)
    stage.tell(
        f"{devices} perangkat di {places} tempat, masing-masing sebuah namespace jaringan dengan "
        "kabel, rute dan paket sungguhan; netwatch berjalan di samping Data Center.",
        f"{devices} devices at {places} places, each a network namespace with real cables, routes and "
        "packets; netwatch runs beside the Data Center.",
    )
    stage.tell(
        "Agar demo singkat: putaran tiap 5 detik (biasanya 10), tiket setelah 20 detik (biasanya 180), "
        "layanan stabil 5 detik (biasanya 1800).",
        "To keep the demo short: rounds every 5 s (usually 10), a ticket after 20 s (usually 180), "
        "stable service for 5 s (usually 1800).",
    )
    house.start()
    house.wait(lambda: set(house.states().values()) == {"up"}, "everything is up", deadline_s=40)
    stage.check(True, "semua perangkat menjawab: up", "every device answers: up")
    stage.check(house.tickets("--all") == [], "belum ada tiket", "there is no ticket yet")

    faults = Faults(city)
    ticket = _outage(stage, house, faults)
    _repair(stage, house, faults, ticket["id"])
    _procedure(stage, house, ticket["id"])
    _proof(stage, house, ticket["id"])


def _outage(stage: Stage, house: House, faults: Faults) -> dict[str, Any]:
    stage.heading("Kabel ke Tiban putus", "The cable to Tiban is cut")
    faults.cut(LINK, "lower")
    cut_at = time.monotonic()
    stage.tell(f"Kabel {LINK} dicabut di sisi kantor.", f"The cable {LINK} is pulled at the office's end.")
    _watch(stage, house, lambda states: states["kel-tiban-rtr"] == "down", "kel-tiban-rtr is down", deadline_s=33)
    stage.check(True, f"down setelah {time.monotonic() - cut_at:.0f} detik", f"down after {time.monotonic() - cut_at:.0f} s")
    house.wait(lambda: house.tickets("--all"), "a ticket", deadline_s=45)
    house.wait(lambda: _affected(house) == BEHIND, "both devices are on the ticket", deadline_s=20)
    states = house.states()
    stage.check(
        {device for device, state in states.items() if state == "up"} == set(states) - BEHIND,
        "hanya kantor itu yang diam; semua tempat lain tetap up",
        "only that office is silent; every other place is still up",
    )
    [summary] = house.tickets("--all")[:1]
    ticket: dict[str, Any] = house.json("ticket", "show", summary["id"])
    stage.show(house.run("ticket", "show", ticket["id"]))
    cause = ticket["incident"]["cause"]
    stage.check(len(house.tickets("--all")) == 1, "tepat satu tiket", "exactly one ticket")
    stage.check(
        ticket["site"] == "kel-tiban",
        "tempatnya benar: Kantor Kelurahan Tiban Baru",
        "the right place: Kantor Kelurahan Tiban Baru",
    )
    stage.check(cause["side"] == "site", "sisinya benar: lokasi", "the right side: site")
    stage.check(
        {entry["device"] for entry in ticket["affected"]} == BEHIND,
        "kedua perangkatnya tercantum",
        "its two devices are listed",
    )
    return ticket


def _affected(house: House) -> set[str]:
    [ticket] = house.tickets("--all")
    return {entry["device"] for entry in ticket["affected"]}


def _repair(stage: Stage, house: House, faults: Faults, ticket: str) -> None:
    stage.heading("Kabel disambung lagi", "The cable is mended")
    faults.mend_all()
    mended_at = time.monotonic()
    _watch(stage, house, lambda states: set(states.values()) == {"up"}, "everything is up again", deadline_s=25)
    seconds = time.monotonic() - mended_at
    stage.check(True, f"pulih dalam {seconds:.0f} detik", f"recovered within {seconds:.0f} s")
    shown = house.json("ticket", "show", ticket)
    stage.check(
        shown["state"] == "open",
        "tiket tetap terbuka: jaringan yang pulih tidak menutup tiket, orang yang menutup",
        "the ticket stays open: a network that recovers closes no ticket, people do",
    )
    side = shown["incident"]["cause"]["side"]
    stage.check(side == "site", f"sisinya masih sama ({side})", f"it is still on the same side ({side})")


def _procedure(stage: Stage, house: House, ticket: str) -> None:
    stage.heading("Prosedur, langkah demi langkah", "The procedure, step by step")
    stage.tell(
        "Skrip ini hanya membaca `netwatch ticket actions --json`, mengisi yang wajib, dan memakai `netwatch ticket do`.",
        "This script only reads `netwatch ticket actions --json`, fills in what is required, and uses `netwatch ticket do`.",
    )
    final = drive(
        lambda words: Answer(*house.call(words)), ticket, "repair", house.directory, tell=lambda line: stage.tell(line, line)
    )
    stage.check(final["state"] == "done", "tiket selesai", "the ticket is done")


def _proof(stage: Stage, house: House, ticket: str) -> None:
    stage.heading("Bukti", "The proof")
    stage.show(house.run("ticket", "journal", ticket))
    house.run("ticket", "journal", ticket, "--verify")
    stage.check(True, "rantai jurnal utuh", "the chain of the journal is whole")
    house.run("db", "verify")
    stage.check(True, "semua aturan penyimpanan terpenuhi (I1 sampai I8)", "every rule of the store holds (I1 to I8)")
    papers = house.json("ticket", "show", ticket)["documents"]
    stage.check(
        bool(papers),
        f"{len(papers)} dokumen tersimpan beserta SHA-256-nya",
        f"{len(papers)} documents are kept, each with its SHA-256",
    )
    stage.check(house.tickets("--open") == [], "tidak ada tiket yang tersisa", "no ticket is left open")


def _watch(stage: Stage, house: House, enough: Any, what: str, *, deadline_s: float) -> None:
    """Wait, and tell each change of a state as it happens."""
    shown = house.states()

    def look() -> bool:
        now = house.states()
        for device, state in now.items():
            if state != shown.get(device):
                stage.tell(f"{device}: {shown.get(device)} → {state}", f"{device}: {shown.get(device)} → {state}")
        shown.update(now)
        return bool(now) and bool(enough(now))

    house.wait(look, what, deadline_s=deadline_s, every_s=0.3)


def _stay(stage: Stage, city: City, house: House) -> None:
    relay = Relay.from_namespace(city, Path(os.environ[INSIDE]) / "board.sock" if os.environ.get(INSIDE) else None)
    stage.heading("Masih berjalan", "Still running")
    stage.tell("Papan: http://127.0.0.1:9878/", "The board: http://127.0.0.1:9878/")
    stage.tell(f"Perintah: export NETWATCH_CONFIG={house.config}", f"Commands: export NETWATCH_CONFIG={house.config}")
    stage.tell("Ctrl-C mengakhiri semuanya.", "Ctrl-C ends everything.")
    try:
        while True:
            time.sleep(1)
    finally:
        relay.close()


if __name__ == "__main__":
    sys.exit(main())
