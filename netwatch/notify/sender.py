"""Hand over what the outbox holds: at least once, with backoff, until a channel takes it or a person has to look (P5)."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from netwatch.errors import NetwatchError
from netwatch.notify.messages import Message, render
from netwatch.store import Store, Transaction
from netwatch.store import outbox as stored

log = logging.getLogger("netwatch.notify")

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
ATTEMPTS = 30  # about a day of trying
BATCH = 100


class DeliveryError(NetwatchError):
    """A channel did not take a message. Permanent: trying again would not help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        self.permanent = permanent
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Sent:
    """What one pass did."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


Channel = Callable[[stored.Message, Message], None]


def to_log(message: stored.Message, text: Message) -> None:
    """Write the message into the log. It always works, so that the first installation has a channel."""
    payload = message.payload if isinstance(message.payload, dict) else {}
    told = {"message_id": message.key, "ticket": payload.get("ticket"), "people": payload.get("people"), "body": text.body}
    log.info("message: %s", text.subject, extra=told)


CHANNELS: Mapping[str, Channel] = {"log": to_log}  # the table of all channels; mail, Telegram and webhooks are its next rows


def send_due(store: Store, *, language: str, channels: Mapping[str, Channel] = CHANNELS) -> Sent:
    """Hand over every message that is due, one after another, and note each outcome. Raises StoreError when nothing can be noted.

    Handed over first, noted after: a crash between the two sends again (with the same key), never loses.
    """
    with store.read() as tx:
        due = tx.outbox.due(tx.now, limit=BATCH)
    sent = failed = dead = 0
    for message in due:
        error = _deliver(message, language, channels)
        if error is None:
            _note_sent(store, message)
            sent += 1
            continue
        given_up = error.permanent or message.attempts + 1 >= ATTEMPTS
        pause = None if given_up else min(FIRST_PAUSE * 2 ** min(message.attempts, 20), LONGEST_PAUSE)
        _note_failure(store, message, str(error), pause)
        log.warning("delivery_failed", extra={"message_id": message.key, "channel": message.channel, "given_up": given_up})
        dead += given_up
        failed += not given_up
    return Sent(sent=sent, failed=failed, dead=dead)


def _deliver(message: stored.Message, language: str, channels: Mapping[str, Channel]) -> DeliveryError | None:
    channel = channels.get(message.channel)
    if channel is None:
        # The channel may come back with the next configuration; the message waits for it.
        return DeliveryError(f"there is no channel {message.channel}", permanent=False)
    try:
        channel(message, render(message.payload, language))
    except DeliveryError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one broken channel must not stop the others
        return DeliveryError(f"{type(error).__name__}: {error}", permanent=False)
    return None


def _note_sent(store: Store, message: stored.Message) -> None:
    store.run(f"sent-{uuid.uuid4()}", lambda tx: tx.outbox.mark_sent(message.id, tx.now))


def _note_failure(store: Store, message: stored.Message, error: str, pause: timedelta | None) -> None:
    def work(tx: Transaction) -> None:
        tx.outbox.failed(message.id, error, again_at=None if pause is None else tx.now + pause)

    store.run(f"failed-{uuid.uuid4()}", work)
