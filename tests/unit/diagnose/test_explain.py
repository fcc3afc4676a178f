"""A verdict in words: from codes only, in both languages, never more certain than it is (DIAGNOSIS 3.5)."""

import re
import string

import pytest

from netwatch.diagnose.cause import Cause, CauseKind, Domain, Evidence, Side
from netwatch.diagnose.explain import certainty, describe, hypothesis, next_check, sentence
from netwatch.diagnose.localise import localise
from netwatch.diagnose.sentences import NEXT_CHECKS, SENTENCES
from netwatch.diagnose.snapshot import DeviceView, Reach
from tests.unit.diagnose.town import NOW, SMALL, cable, feed_of, seen, town

GRAPH = town(SMALL)
A = {"a-rtr", "a-sw", "a-ap"}


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", [*SENTENCES, *NEXT_CHECKS])
def test_both_languages_say_the_same_things(code):
    indonesian, english = (SENTENCES | NEXT_CHECKS)[code]
    assert fields(indonesian) == fields(english)
    assert indonesian != english


def test_a_sentence_is_made_of_code_and_values():
    one = Evidence("upstream_port_down", {"device": "dc-dist-1", "port": "ge1"})
    assert sentence(one, "id") == "port ge1 di dc-dist-1 berstatus down"
    assert sentence(one, "en") == "port ge1 of dc-dist-1 reads down"


def test_a_code_or_a_value_that_nobody_knows_is_still_shown():
    assert sentence(Evidence("new_thing", {"x": 1}), "id") == "new_thing x=1"
    assert sentence(Evidence("upstream_answers", {}), "en") == "? answers"


@pytest.mark.parametrize(
    ("confidence", "word"), [(0.97, "very_likely"), (0.85, "very_likely"), (0.6, "presumed"), (0.59, "possibly"), (0, "possibly")]
)
def test_the_word_of_certainty_follows_the_confidence(confidence, word):
    assert certainty(confidence) == word


def snapshots():
    """Give one snapshot of each kind of verdict."""
    battery = DeviceView(Reach.SILENT, NOW, certain=True, on_battery=True, refused_by="192.0.2.9")
    restarted = {name: DeviceView(Reach.SILENT, NOW, certain=True, rebooted=False) for name in A}
    shared = town(
        "core dc\n" + "\n".join(f"r{i} kec-{i} core" for i in range(6)),
        [feed_of("pln", "kec-0", "kec-1", "kec-2"), cable("duct", "core/r3", "core/r4", "core/r5")],
    )
    ports = {f"core:to-r{i}": "down" for i in range(6)}
    return [
        seen(GRAPH, down=A, ports={"dist:to-a-rtr": "down"}),
        seen(GRAPH, down=A, ports={"dist:to-a-rtr": "admin"}),
        seen(GRAPH, down=A, ports={"dist:to-a-rtr": "err-disabled"}),
        seen(GRAPH, down=A, more={"a-rtr": battery}),
        seen(GRAPH, down=A, more=restarted),
        seen(GRAPH, down={"hub-a", "c-rtr", "c-sw"}),
        seen(GRAPH, down={"pop-1", "b-rtr", "b-sw"}),
        seen(GRAPH, down={"b-rtr", "b-sw"}),
        seen(GRAPH, down={"a-ap"}),
        seen(GRAPH, down={"c-rtr"}),
        seen(GRAPH, down={"c-sw"}, unknown={"c-rtr"}),
        seen(GRAPH, down=GRAPH.inventory.devices),
        seen(GRAPH, down=GRAPH.inventory.devices, carrier=False),
        seen(GRAPH, down=GRAPH.inventory.devices, witness=True),
        seen(GRAPH, more={"a-ap": DeviceView(Reach.ANSWERING, snmp=False)}),
        seen(shared, down={"r0", "r1", "r2"}, ports=ports),
        seen(shared, down={"r3", "r4", "r5"}, ports=ports),
        seen(town("core dc\nx dc core\ny dc core\na kec-a x y"), ports={"x:to-a": "down"}),
    ]


@pytest.mark.parametrize("snapshot", snapshots())
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_verdict_can_be_told(snapshot, language):
    for cause in localise(snapshot):
        text = describe(cause, snapshot.graph, language)
        assert "dipastikan" not in text
        assert "?" not in text
        assert not re.search(r"[{}]", text)
        assert text.endswith(".")
        assert all(one.code in SENTENCES for one in cause.evidence)


def test_the_words_of_the_step_four_record():
    (cause,) = localise(seen(GRAPH, down=A, ports={"dist:to-a-rtr": "down"}, more={}))
    text = describe(cause, GRAPH, "id")
    assert text.startswith("Lokasi gangguan: di luar Jaringan Data Center (")
    assert "Kantor kec-a" in text
    assert "; kemungkinan lain: " in text
    assert "Bukti: dist menjawab; port to-a-rtr di dist berstatus down; 3 perangkat tidak menjawab" in text
    assert text.endswith("Pemeriksaan berikutnya: tanyakan kepada OPD apakah listrik di lokasi menyala.")


def test_below_sixty_percent_it_is_only_possible():
    cause = Cause(CauseKind.DEVICE, "a-rtr", Side.SITE, Domain.SITE_DEVICE, 0.4, frozenset({"a-rtr"}), frozenset({"a-rtr"}))
    assert "Penyebab: kemungkinan perangkat a-rtr tidak berfungsi" in describe(cause, GRAPH, "id")


def test_a_circuit_is_the_providers_to_look_at():
    cause = Cause(CauseKind.LINK, "pop-1/b-rtr", Side.SITE, Domain.SITE_UPLINK, 0.9, frozenset({"b-rtr"}), frozenset({"b-rtr"}))
    assert next_check(cause, GRAPH, "en") == "open a fault report with the provider for pop-1/b-rtr"


def test_a_fault_in_the_data_center_is_inside():
    (cause,) = localise(seen(GRAPH, down={"hub-a", "c-rtr", "c-sw"}, ports={"dist:to-hub-a": "up"}))
    assert describe(cause, GRAPH, "id").startswith("Lokasi gangguan: di dalam Jaringan Data Center.")
    assert hypothesis(cause.kind, cause.element, cause.domain, (), "id") == "perangkat hub-a di Data Center terganggu"
