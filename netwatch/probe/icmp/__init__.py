"""Echo requests to thousands of addresses through one socket per address family.

`EchoEngine` is driven by hand (tests and the benchmark do) or by `LoopDriver` on an asyncio loop. Begin to read at `engine`.
"""

from netwatch.probe.icmp.burst import Burst, burst
from netwatch.probe.icmp.engine import EchoEngine
from netwatch.probe.icmp.loop import LoopDriver
from netwatch.probe.icmp.target import Counters, Refusal, Sink, Target

__all__ = ["Burst", "Counters", "EchoEngine", "LoopDriver", "Refusal", "Sink", "Target", "burst"]
