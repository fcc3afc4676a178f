"""Traps and informs (SNMP v1, v2c, v3) as wake-up calls: read, authorised, named. Never proof of anything (DIAGNOSIS 1.4).

Everything here is synchronous and knows no socket: `Receiver.take` gets one datagram with its sender and says what it was.
Read by a decoder of our own, which knows only what a notification may hold: `docs/decisions/` says why.
"""
