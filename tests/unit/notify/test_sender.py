"""Messages: texts in two languages, handed over at least once, never lost, never twice for one key."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netwatch.errors import StoreAway
from netwatch.notify.messages import TEXTS, render
from netwatch.notify.sender import ATTEMPTS, DeliveryError, send_due
from netwatch.store.outbox import MessageState
from tests.unit.casework.office import Office, make_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = make_office(tmp_path)
    yield made
    made.store.close()


class Post:
    """A channel that remembers what it was given, and fails as told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.given: list[tuple[str, str]] = []

    def __call__(self, message: Any, text: Any) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.given.append((message.key, text.subject))


def put(office: Office, key: str = "k", channel: str = "log") -> None:
    office.tx(lambda tx: tx.outbox.put(key, channel, {"kind": "down_again", "ticket": "NW-2026-000001"}, office.clock.now()))


def state(office: Office, key: str = "k") -> Any:
    with office.store.read() as tx:
        return tx.outbox.get(key)


def test_every_text_exists_in_both_languages_and_shows_what_it_has() -> None:
    for kind, languages in TEXTS.items():
        assert set(languages) == {"id", "en"}
        for language in languages:
            message = render({"kind": kind, "ticket": "NW-2026-000001"}, language)
            assert "{" not in message.subject + message.body
            assert "\n" not in message.subject


def test_data_stays_data() -> None:
    """A site's name can neither break a text nor add a line to a subject."""
    message = render(
        {"kind": "down_again", "ticket": "T", "site_name": "Kantor {0}\r\nBcc: x", "down_at": "2026-11-24T01:14:00Z"}, "id"
    )
    assert message.subject == "T: Kantor {0} Bcc: x putus lagi"
    assert "24 November 2026 08.14 WIB" in message.body


def test_a_message_is_handed_over_once_and_written_into_the_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.open()
    with caplog.at_level(logging.INFO, logger="netwatch.notify"):
        assert send_due(office.store, language="id").sent == 2
        assert send_due(office.store, language="id").sent == 0
    assert "gangguan di Kantor Kecamatan Sekupang" in caplog.text


def test_a_channel_that_fails_is_tried_again_later_and_with_the_same_key(office: Office) -> None:
    put(office)
    post = Post(RuntimeError("line down"))
    assert send_due(office.store, language="id", channels={"log": post}).failed == 1
    assert send_due(office.store, language="id", channels={"log": post}) == send_due(
        office.store, language="id", channels={"log": post}
    )
    office.clock.advance(seconds=31)
    assert send_due(office.store, language="id", channels={"log": post}).sent == 1
    assert post.given == [("k", "NW-2026-000001: - putus lagi")]


def test_a_permanent_failure_is_dead_at_once_and_endless_ones_after_a_day(office: Office) -> None:
    put(office, "refused")
    send_due(office.store, language="id", channels={"log": Post(DeliveryError("no such chat", permanent=True))})
    assert state(office, "refused").state is MessageState.DEAD
    put(office, "endless")
    for _ in range(ATTEMPTS):
        office.clock.advance(hours=2)
        send_due(office.store, language="id", channels={"log": Post(*[RuntimeError("away")] * 2)})
    assert state(office, "endless").state is MessageState.DEAD


def test_a_message_for_a_channel_that_is_not_configured_waits(office: Office) -> None:
    put(office, channel="telegram")
    assert send_due(office.store, language="id").failed == 1
    assert state(office).state is MessageState.WAITING


def test_a_crash_between_handing_over_and_noting_sends_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """P5: at least once."""
    put(office)
    post = Post()

    def crash(*_: Any, **__: Any) -> None:
        raise StoreAway("power cut")

    with monkeypatch.context() as broken:
        broken.setattr(office.store, "run", crash)
        with pytest.raises(StoreAway):
            send_due(office.store, language="id", channels={"log": post})
    send_due(office.store, language="id", channels={"log": post})
    assert [key for key, _ in post.given] == ["k", "k"]
    assert state(office).state is MessageState.SENT
