"""The ideal observer: what nobody can beat. It knows the true network and every probability of the generator.

All sets of up to four faults that explain exactly what is silent are enumerated and weighed: prior of the fault models, onsets,
port readings, power hints and (after recovery) restarts. From the weights it takes the best answer for each metric. It sees the
same observations as netwatch, but the right inventory and the drawn rates of the network: a bound from above. Approximate where
it hardly matters: evidence of overlapping faults is taken as independent, and faults that nobody feels get a share of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from bench.diagnosis import faults
from bench.diagnosis.faults import LINK_CUT, LINK_VARIANTS, MODELS, SEVERAL, SITE_SURVIVES, Fault
from bench.diagnosis.generator import GATEWAY, World
from bench.diagnosis.observe import INTERVAL_S, RESET_ELSE, RESET_SEEN, Seen, port_says, silence
from bench.diagnosis.truth import domain
from netwatch.diagnose.cause import Cause, CauseKind, Domain
from netwatch.diagnose.sides import side_of

TINY = 1e-12
MOST = 4
MOST_FALSE = 2
MOST_SETS = 200_000
SPREAD_S = 2 * faults.START_SPREAD_S


@dataclass(frozen=True, slots=True)
class Atom:
    """One possible fault: its weight when it is the only one, and as one of several; evidence included."""

    kind: CauseKind
    element: str
    victims: frozenset[str]
    single: float
    several: float
    domain: Domain


class Ideal:
    """The observer of one network; what does not depend on an event is computed once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._victims: dict[tuple[CauseKind, str], frozenset[str]] = {}
        devices = [name for name in world.site_of if name != GATEWAY]
        duct_lines = [lines for lines in world.ducts.values() if len(lines) >= 3] or list(world.ducts.values())
        self._count = {
            "device": len(devices),
            "link": len(world.links),
            "site_power": len(world.offices),
            "feed": sum(len(sites) >= 2 for sites in world.feeds.values()) or len(world.feeds),
            "cable": len(world.ducts),
            "cable_partial": len(duct_lines),
            "silent_icmp": len(faults.forwarders(world)),
        }
        self._unfelt = (
            SEVERAL["link"] * sum(not self._of(faults.link_fault(one.number, "cut")) for one in world.links) / len(world.links)
        )

    def _of(self, fault: Fault) -> frozenset[str]:
        key = (fault.kind, fault.element)
        if key not in self._victims:
            self._victims[key] = frozenset(silence(self.world, [fault]))
        return self._victims[key]

    # Evidence

    def _evidence(self, fault: Fault, seen: Seen, *, after: bool) -> float:
        """Return ln of how much better a fault explains ports, hints and restarts than no fault does."""
        world = self.world
        touched = set(fault.cut) | {number for device in fault.dark for _, number in world.near[device]}
        total = sum(self._port(number, [fault], seen) for number in touched)
        hint, false = world.rates.power_hint, max(world.noise.false_hint, TINY)
        for site in fault.dark_sites:
            p = 1 - (1 - hint) * (1 - false)
            total += log(p / false) if site in seen.hints else log((1 - p) / (1 - false))
        if after:
            for device in fault.dead:
                restarted = seen.rebooted.get(device)
                if restarted is not None:
                    total += log(RESET_SEEN / RESET_ELSE) if restarted else log((1 - RESET_SEEN) / (1 - RESET_ELSE))
        return total

    def _port(self, number: int, given: Sequence[Fault], seen: Seen) -> float:
        world = self.world
        link, wrong, total = world.links[number], max(world.noise.wrong_port, TINY), 0.0
        for end in (link.upper, link.lower):
            reading = seen.ports.get((end, number))
            if reading is not None:
                says, chance = port_says(world, link, end, given)
                p = {"up": wrong, says: 1 - wrong} if says != "up" else {"up": 1 - wrong, "down": wrong}
                likely = chance * p.get(reading, 0.0) + (1 - chance) * ((1 - wrong) if reading == "up" else 0.0)
                if reading == "down":
                    likely += (1 - chance) * wrong
                fine = {"up": 1 - wrong, "down": wrong}.get(reading, TINY)
                total += log(max(likely, TINY) / fine)
        return total

    # Hypotheses

    def atoms(self, seen: Seen, *, after: bool) -> list[Atom]:
        """Return every single fault that silences nobody who answers."""
        world, silent = self.world, seen.silent.keys()
        found: list[Atom] = []

        def add(fault: Fault, victims: frozenset[str], single: float, several: float) -> None:
            if victims and victims <= silent:
                kept = CauseKind.LINK if fault.kind is CauseKind.CONFIGURATION else fault.kind
                weight = exp(self._evidence(fault, seen, after=after))
                found.append(Atom(kept, fault.element, victims, single * weight, several * weight, domain(world, fault)))

        one = 1 / len(MODELS)
        for device in sorted(silent):
            if device == GATEWAY:
                continue
            for power in (True, False):
                fault = faults.device_fault(device, power=power)
                add(fault, self._of(fault), 0.5 * one / self._count["device"], 0.5 * SEVERAL["device"] / self._count["device"])
            for _, number in world.near[device]:
                if world.links[number].lower == device or world.links[number].upper not in silent:
                    for variant, share in LINK_VARIANTS.items():
                        fault = faults.link_fault(number, variant)
                        part = share / self._count["link"]
                        add(fault, self._of(fault), part * one, part * SEVERAL["link"])
        for device in faults.forwarders(world):
            if device in silent and (device in seen.speaking) == (device in world.managed):
                fault = Fault(CauseKind.AGENT, device, no_icmp=frozenset({device}))
                add(fault, frozenset({device}), one / self._count["silent_icmp"], 0.0)
        for site in dict.fromkeys(world.site_of[device] for device in sorted(silent)):
            if site in world.devices_of and site.startswith("s"):
                fault = faults.power_fault(CauseKind.SITE_POWER, site, (site,), world)
                part = 1 / self._count["site_power"]
                add(fault, self._of(fault), part * one, part * SEVERAL["site_power"])
        self._feeds(seen, add)
        self._ducts(seen, add)
        return _merged(found)

    def _feeds(self, seen: Seen, add: Callable[..., None]) -> None:
        world, one, share = self.world, 1 / len(MODELS), 1 / self._count["feed"]
        for group, sites in world.feeds.items():
            lost = tuple(site for site in sites if all(device in seen.silent for device in world.devices_of[site]))
            if not lost:
                continue
            chance = (1 - SITE_SURVIVES) ** len(lost) * SITE_SURVIVES ** (len(sites) - len(lost))
            fault = faults.power_fault(CauseKind.POWER_FEED, group, lost, world)
            full = lost == sites
            if len(lost) >= min(2, len(sites)):
                victims = frozenset(silence(world, [fault]))
                add(fault, victims, one * share * (chance + full), SEVERAL["feed"] * share * full)

    def _ducts(self, seen: Seen, add: Callable[..., None]) -> None:
        world, one = self.world, 1 / len(MODELS)
        for group, lines in world.ducts.items():
            cuts = {line: self._of(faults.link_fault(line, "cut")) for line in lines}
            full = faults.cable_fault(group, lines)
            part = 1 / self._count["cable"]
            add(full, self._of(full), one * part, SEVERAL["cable"] * part)
            lost = [line for line in lines if cuts[line] and cuts[line] <= seen.silent.keys()]
            unfelt = [line for line in lines if not cuts[line]]
            if len(lines) < 3 or not lost or len(lost) + len(unfelt) < 2 or len(lost) == len(lines):
                continue
            fault = faults.cable_fault(group, tuple(lost))
            chance = one / self._count["cable_partial"] * LINK_CUT ** len(lost)
            for line in unfelt:
                weight = exp(self._port(line, [faults.link_fault(line, "cut")], seen))
                chance *= LINK_CUT * weight + (1 - LINK_CUT)
            chance *= (1 - LINK_CUT) ** (len(lines) - len(lost) - len(unfelt))
            add(fault, frozenset().union(*(cuts[line] for line in lost)), chance, 0.0)

    def sets(self, seen: Seen, atoms: Sequence[Atom]) -> Iterator[tuple[tuple[Atom, ...], float]]:
        """Yield every set of atoms that explains the silence, with its weight. Latest first: an earlier one hides in it."""
        onset = seen.silent
        by_device: dict[str, list[Atom]] = defaultdict(list)
        for atom in atoms:
            for device in atom.victims:
                by_device[device].append(atom)
        latest = sorted(onset, key=lambda device: -onset[device])
        false = self.world.noise.false_down * INTERVAL_S / SPREAD_S
        budget = MOST_SETS

        def extend(
            chosen: tuple[Atom, ...], covered: frozenset[str], weight: float, luck: int
        ) -> Iterator[tuple[tuple[Atom, ...], float]]:
            nonlocal budget
            device = next((name for name in latest if name not in covered), None)
            if device is None:
                yield chosen, weight
                return
            budget -= 1
            if budget < 0:
                return
            if luck < MOST_FALSE and false:
                yield from extend(chosen, covered | {device}, weight * false, luck + 1)
            if len(chosen) == MOST or any(not atom.several for atom in chosen):
                return
            for atom in by_device[device]:
                if chosen and not atom.several:
                    continue
                if max(onset[name] for name in atom.victims) > onset[device]:
                    continue
                new = [name for name in atom.victims if name not in covered and onset[name] > onset[device] - INTERVAL_S]
                overlap = INTERVAL_S - (onset[device] - min(onset[name] for name in new))
                yield from extend((*chosen, atom), covered | set(new), weight * overlap / SPREAD_S, luck)

        for chosen, weight in extend((), frozenset(), 1.0, 0):
            yield chosen, weight * self._prior(chosen)

    def _prior(self, chosen: Sequence[Atom]) -> float:
        one, unfelt = 1 / len(MODELS), self._unfelt
        if not chosen:
            return one
        product = 1.0
        for atom in chosen:
            product *= atom.several
        if len(chosen) == 1:
            atom = chosen[0]
            return atom.single + one * product * (2 * unfelt + 4 * unfelt**3)
        if len(chosen) == 2:
            return one * product * (2 + 12 * unfelt**2)
        return one * product * 24 * (unfelt if len(chosen) == 3 else 1.0)

    # Answers

    def answers(self, seen: Seen, *, after: bool) -> tuple[list[Cause], list[Cause]]:
        """Return the answers that are most often exactly right, and those that are most often right in their domain."""
        agents = [self._cause(CauseKind.AGENT, device, Domain.AGENT, frozenset({device})) for device in sorted(seen.dumb)]
        if len(seen.silent) == len(self.world.near):
            sure = seen.witness is True or not seen.carrier
            kind, side = (CauseKind.MONITOR, Domain.MONITOR) if sure else (CauseKind.DEVICE, Domain.DC)
            alone = [self._cause(kind, GATEWAY, side, frozenset(seen.silent))]
            return alone, alone
        if not seen.silent:
            return agents, agents
        weighed = [(chosen, weight) for chosen, weight in self.sets(seen, self.atoms(seen, after=after)) if weight > 0]
        if not weighed:
            return agents, agents
        share: dict[tuple[CauseKind, str], float] = defaultdict(float)
        whole: dict[tuple[tuple[CauseKind, str], ...], float] = defaultdict(float)
        kept: dict[tuple[CauseKind, str], Atom] = {}
        for chosen, weight in weighed:
            names = tuple(sorted({(atom.kind, atom.element) for atom in chosen}))
            whole[names] += weight
            for atom in chosen:
                share[atom.kind, atom.element] += weight
                kept[atom.kind, atom.element] = atom
        size = len(max(whole, key=lambda names: whole[names]))
        best = max((names for names in whole if len(names) == size), key=lambda names: (sum(share[one] for one in names), names))
        exact = [kept[name] for name in best]
        domains = self._domains(exact, share, kept)
        return agents + [self._of_atom(atom) for atom in exact], agents + [self._of_atom(atom) for atom in domains]

    def _domains(
        self, exact: Sequence[Atom], share: Mapping[tuple[CauseKind, str], float], kept: Mapping[tuple[CauseKind, str], Atom]
    ) -> list[Atom]:
        """Exchange each atom for the likeliest one of the likeliest domain at its place."""
        found = []
        for atom in exact:
            rivals = [(share[name], one) for name, one in kept.items() if one.victims & atom.victims]
            total: dict[Domain, float] = defaultdict(float)
            for weight, one in rivals:
                total[one.domain] += weight
            chosen = max(total, key=lambda name: total[name])
            found.append(max((pair for pair in rivals if pair[1].domain is chosen), key=lambda pair: pair[0])[1])
        return found

    def _of_atom(self, atom: Atom) -> Cause:
        name = self.world.links[int(atom.element)].id if atom.kind is CauseKind.LINK else atom.element
        return self._cause(atom.kind, name, atom.domain, atom.victims)

    def _cause(self, kind: CauseKind, element: str, where: Domain, explains: frozenset[str]) -> Cause:
        return Cause(kind, element, side_of(where), where, 1.0, frozenset({min(explains)}), explains)


def _merged(found: Sequence[Atom]) -> list[Atom]:
    """Add up the variants of one element: they silence the same devices."""
    total: dict[tuple[CauseKind, str, frozenset[str]], Atom] = {}
    for atom in found:
        key = (atom.kind, atom.element, atom.victims)
        old = total.get(key)
        single, several = (0.0, 0.0) if old is None else (old.single, old.several)
        total[key] = Atom(atom.kind, atom.element, atom.victims, atom.single + single, atom.several + several, atom.domain)
    return list(total.values())
