"""Receive on a raw IPv4 socket: every datagram begins with its IP header."""

from __future__ import annotations

import socket
import struct

from netwatch.probe.icmp.channel import ANSWERED, FREE, SCHEDULED, SEQUENCES, Channel
from netwatch.probe.icmp.packets import ECHO_REPLY, REPLY_TAIL, REQUEST_SIZE, ihl, quote_v4

# The common case in one look: no IP options, exactly our size. Version and length, source, type, id, sequence, nonce, lap.
PLAIN = struct.Struct("!B11xI4xB3xHHQI")


class RawV4Channel(Channel):
    """Echoes over a raw IPv4 socket."""

    def receive(self, limit: int) -> bool:
        """Read what has arrived. One look at the clock for all of it: what is read later had arrived before."""
        if self.receiving:
            return False
        self.receiving = True
        answered = 0
        receive_into, buffer, unpack = self.opened.socket.recv_into, self.buffer, PLAIN.unpack_from
        targets, sent, states = self.targets, self.sent, self.state
        identifier, nonce, on_answer = self.identifier, self.nonce, self.sink.answered
        now = self.monotonic()
        try:
            for _ in range(limit):
                size = receive_into(buffer)
                if size == PLAIN.size:
                    first, source, kind, its_id, sequence, its_nonce, lap = unpack(buffer)
                    if (
                        first == 0x45
                        and kind == ECHO_REPLY
                        and its_id == identifier
                        and its_nonce == nonce
                        and 0 < self.head - (lap << 16) - sequence <= SEQUENCES
                    ):
                        mark = states[sequence]
                        target = targets[sequence]
                        if FREE < mark < ANSWERED and target is not None and target.packed == source:
                            states[sequence] = ANSWERED
                            answered += 1
                            if target.refusal is not None:
                                target.refusal = None
                            if target.active:
                                sent_at = sent[sequence]
                                on_answer(target, sent_at, now - sent_at, mark == SCHEDULED)
                            continue
                self.take(memoryview(buffer)[:size], now)
        except BlockingIOError:
            return True
        except OSError as error:  # the socket itself: the network of this machine is going or coming
            self.counters.local_errors[f"receive_{error.errno}"] += 1
            return True
        finally:
            self.in_flight -= answered
            self.counters.answered += answered
            self.receiving = False
        return False

    def take(self, data: memoryview, now: float) -> None:
        """Take one datagram that is not the common case: IP options, another size, an error, or nonsense."""
        header = ihl(data)
        if header is None or len(data) < header + 8:
            self.counters.malformed += 1
            return
        if data[header] == ECHO_REPLY:
            identifier = data[header + 4] << 8 | data[header + 5]
            if identifier != self.identifier:
                self.counters.foreign += 1
            elif len(data) < header + REQUEST_SIZE:
                self.counters.wrong_nonce += 1
            else:
                _, sequence, nonce, lap = REPLY_TAIL.unpack_from(data, header + 4)
                source = int.from_bytes(data[12:16], "big")
                self.matched(lambda target: target.packed == source, sequence, nonce, lap, now)
            return
        quote = quote_v4(data)
        if quote is None:
            self.counters.malformed += 1
        elif quote.identifier != self.identifier:
            self.counters.foreign += 1
        else:
            by = socket.inet_ntop(socket.AF_INET, data[12:16])
            self.refused(quote.destination, quote.sequence, by=by, kind=quote.type, code=quote.code)
