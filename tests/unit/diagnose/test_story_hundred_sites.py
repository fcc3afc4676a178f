"""A hundred sites behind one core, the core cut at a random moment (FEATURES B1): one cause, whatever the phases.

Rule 1.2, the circle and the localisation alone, without the pipeline; beside it what other systems' rules make of the same cut.
"""

import random
from datetime import UTC, datetime, timedelta

import pytest

from netwatch.detect.barrier import circle
from netwatch.detect.state import DeviceState, Policy, State, advance, next_delay, silence_reach
from netwatch.diagnose.localise import localise, unreachable
from netwatch.diagnose.snapshot import DeviceView, Reach, Snapshot
from netwatch.incident import IncidentPolicy, IncidentState, OutageView, reconcile
from netwatch.observation import Echo
from tests.unit.diagnose.town import town

POLICY = Policy()
SITES = 100
GRAPH = town("core dc\ndist dc core\n" + "\n".join(f"s{i} kec-{i} dist" for i in range(SITES)))
BEGIN = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def wall(at):
    return BEGIN + timedelta(seconds=at)


class City:
    """Echoes of all devices by the rules; `dist` and all behind it are dead from `cut` on."""

    def __init__(self, seed, *, barrier=True):
        self.random = random.Random(seed)
        self.barrier = barrier
        self.cut = self.random.uniform(60, 70)
        self.states = {name: DeviceState() for name in GRAPH.inventory.devices}
        self.next = {name: self.random.uniform(0, POLICY.interval) for name in self.states}
        self.dead = {"dist"} | GRAPH.behind("dist")
        self.downs = []  # in the order of the verdicts

    def run(self, until):
        while True:
            name = min(self.next, key=self.next.__getitem__)
            at = self.next[name]
            if at > until:
                return
            before = self.states[name]
            answered = not (name in self.dead and at >= self.cut)
            echo = Echo(name, at, 0.001 if answered else None, None, before.state is not State.SUSPECT)
            state, _, _ = advance(before, echo, POLICY)
            self.states[name] = state
            self.next[name] = at + next_delay(state, POLICY, gate_passed=False)
            if self.barrier and state.state is State.SUSPECT and before.state is State.UP:
                for other in circle(GRAPH, name, self.reach, self.random.sample):
                    self.next[other] = min(self.next[other], at + 0.01)
            if state.state is State.DOWN and before.state is not State.DOWN:
                self.downs.append(name)
                yield at

    def reach(self, name):
        return silence_reach(self.states[name])

    def snapshot(self, at):
        views = {}
        for name, state in self.states.items():
            reach = Reach.ANSWERING if state.state is State.UP else silence_reach(state)
            since = None if reach is Reach.ANSWERING else wall(state.since)
            views[name] = DeviceView(reach, since, certain=state.state is State.DOWN)
        return Snapshot(GRAPH, wall(at), views)

    def outages(self, hidden):
        return {
            name: OutageView(
                certain=state.state is State.DOWN,
                silent=state.state in (State.DOWN, State.SUSPECT),
                since=wall(state.since),
                answered_at=wall(state.since) if state.state is State.UP else None,
                hidden_by=hidden.get(name),
            )
            for name, state in self.states.items()
        }


@pytest.mark.parametrize("seed", range(12))
def test_a_cut_core_is_one_incident_and_every_site_is_unreachable(seed):
    city, known, verdicts = City(seed), {}, 0
    for at in city.run(city.cut + 60):
        snapshot = city.snapshot(at)
        causes = localise(snapshot)
        hidden = unreachable(snapshot, causes)
        for change in reconcile(tuple(known.values()), causes, city.outages(hidden), wall(at), IncidentPolicy()):
            known[change.incident.key] = change.incident
        assert {frozenset(cause.locus) for cause in causes} == {frozenset({"dist"})}, "never judged by an old sample"
        verdicts += 1
    assert verdicts == SITES + 1
    (incident,) = known.values()
    assert (incident.locus, incident.state, len(incident.affected)) == ({"dist"}, IncidentState.OPEN, SITES + 1)
    assert len(unreachable(snapshot, causes)) == SITES


def test_children_judged_by_their_parents_last_stored_state_are_false_alarms():
    """What most systems do (Icinga#4428, Nagios#873): each device on its own schedule, the parent's last stored state decides."""
    false_alarms = []
    for seed in range(12):
        city = City(seed, barrier=False)
        for _ in city.run(city.cut + 60):
            pass
        false_alarms.append(city.downs.index("dist"))
    print(f"children judged before their parent was down, of {SITES}: {false_alarms}; with the barrier: 0")
    assert sum(false_alarms) / len(false_alarms) > 20
