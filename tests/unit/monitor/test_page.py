"""The metrics page as Prometheus reads it."""

from __future__ import annotations

from datetime import UTC, datetime

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from netwatch.detect.state import State
from netwatch.inventory.graph import Graph
from netwatch.monitor.device_series import chunks
from netwatch.monitor.fleet import Fleet
from tests.unit.monitor.test_guards import small_city


class HalfPipeline:
    """What the block needs of a pipeline."""

    def __init__(self) -> None:
        self.fleet = Fleet(Graph.of(small_city()), 10.0)

    def wall(self, at: float) -> datetime:
        return datetime.fromtimestamp(1_800_000_000.0 + at, UTC)


def page(pipeline: HalfPipeline) -> str:
    return b"".join(chunks(pipeline)).decode()  # type: ignore[arg-type]


def test_both_parsers_of_the_library_read_the_same_values():
    pipeline = HalfPipeline()
    watch = pipeline.fleet.watches["router"]
    watch.shown = State.DOWN
    watch.remember(100.0, 0.0025)
    watch.state = watch.state._replace(last_echo_at=100.0, loss_ratio=0.125)
    text = page(pipeline)
    families = {family.name: family for family in prometheus(text)}
    again = {family.name: family for family in openmetrics(text + "# EOF\n")}
    assert families.keys() == again.keys()
    place = {"device": "router", "site": "office"}
    for read in (families, again):
        values = {name: sample.value for name, family in read.items() for sample in family.samples if sample.labels == place}
        assert values == {
            "netwatch_device_up": 0.0,
            "netwatch_device_rtt_seconds": 0.0025,
            "netwatch_device_packet_loss_ratio": 0.125,
            "netwatch_device_last_probe_timestamp_seconds": 1_800_000_100.0,
        }


def test_a_device_of_which_nothing_is_known_has_no_up_series():
    assert 'netwatch_device_up{device="switch"' not in page(HalfPipeline())


def test_the_series_of_a_removed_device_vanish_at_the_next_scrape():
    pipeline = HalfPipeline()
    assert 'device="switch"' in page(pipeline)
    del pipeline.fleet.watches["switch"]
    assert 'device="switch"' not in page(pipeline)
