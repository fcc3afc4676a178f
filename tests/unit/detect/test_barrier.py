"""Who gets a fresh look (DIAGNOSIS 2.1, 2.2)."""

from netwatch.detect.barrier import CIRCLE_AT_MOST, circle, spread
from netwatch.detect.state import Reach
from tests.unit.diagnose.town import SMALL, cable, feed_of, town


def first(devices, count):
    return list(devices)[:count]


def all_answer(device):
    return Reach.ANSWERING


def test_ancestors_come_first_then_mates_then_siblings():
    graph = town(SMALL, [feed_of("pln", "kec-a", "kec-b")])
    found = circle(graph, "a-rtr", all_answer, first)
    assert found[:2] == ("core", "dist")
    assert set(found[2:6]) == {"a-ap", "a-sw", "b-rtr", "b-sw"}
    assert set(found[6:]) == {"hub-a", "pop-1"}


def test_far_ends_of_a_shared_cable_are_mates():
    graph = town(SMALL, [cable("duct", "dist/a-rtr", "hub-a/c-rtr")])
    assert "c-rtr" in circle(graph, "a-rtr", all_answer, first)


def test_children_of_silent_ancestors_are_asked_too():
    graph = town(SMALL)

    def reach(device):
        return Reach.SILENT if device in ("a-rtr", "dist") else Reach.ANSWERING

    found = circle(graph, "a-ap", reach, first)
    assert {"hub-a", "pop-1", "dist"} <= set(found)
    assert "a-ap" not in found


def test_every_path_of_a_device_with_two_uplinks_is_looked_at():
    graph = town("core dc\nx dc core\ny dc core\na kec-a x y")
    assert set(circle(graph, "a", all_answer, first)) >= {"core", "x", "y"}


def test_no_more_than_sixty_four_siblings_are_drawn():
    lines = "core dc\n" + "\n".join(f"s{i} kec-{i} core" for i in range(200))
    drawn = []

    def sample(devices, count):
        drawn.append((len(devices), count))
        return devices[:count]

    found = circle(town(lines), "s7", all_answer, sample)
    assert len(found) == 1 + CIRCLE_AT_MOST
    assert drawn == [(199, 64)]


def test_the_vantage_has_no_ancestors():
    assert set(circle(town("core dc\na kec-a core"), "core", lambda device: None, first)) == set()


def test_recovery_asks_everything_behind_within_thirty_seconds():
    graph = town(SMALL)
    devices = sorted(graph.behind("dist"))
    assert len(devices) == 9
    delays = spread(devices, lambda names: list(reversed(names)))
    assert set(delays) == set(devices)
    assert min(delays.values()) >= 0
    assert max(delays.values()) < 30
