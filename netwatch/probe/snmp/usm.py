"""What SNMPv3 needs of both engines: is a log-in complete, and what does a refusal mean to the person who reads it."""

from __future__ import annotations

from netwatch.probe.snmp.client import Agent, SnmpError

REASONS = {
    "unknownUserName": "the agent does not know this username",
    "wrongDigest": "the authentication key or protocol is wrong",
    "decryptionError": "the privacy key or protocol is wrong",
    "unsupportedSecurityLevel": "the agent does not let this user in with this authentication and privacy",
    "authorizationError": "the agent lets this user see nothing here",
    "unknownContext": "the agent does not know this context",
    "unavailableContext": "the context is not available",
    "notInTimeWindow": "the clock of the agent does not agree with itself, or the key is wrong",
    "unknownEngineID": "the agent does not answer to the engine id it gave",
}
SYNCHRONISE = ("notInTimeWindow", "unknownEngineID")  # the agent restarted or was replaced: learn anew, once


def denied(reason: str) -> SnmpError:
    """Return the error for a log-in that the agent does not accept."""
    said = REASONS.get(reason)
    return SnmpError("credential", f"{reason}: {said}" if said else reason, status=reason)


def incomplete(agent: Agent) -> SnmpError | None:
    """Return why this agent cannot be asked at all, None when what its version needs is there."""
    if agent.version in ("1", "2c"):
        return SnmpError("credential", "no community") if agent.community is None else None
    if agent.version != "3":
        return SnmpError("version", f"there is no SNMPv{agent.version}")
    if agent.username is None:
        return SnmpError("credential", "SNMPv3 needs a username")
    return None


def unheard(agent: Agent) -> SnmpError:
    """Return the error for an agent that tells its clock, which needs no log-in, but answers none of the questions after it."""
    if agent.privacy_key is not None:
        wrong = "the privacy key or protocol" + (", or the context," if agent.context else "") + " is wrong"
        return SnmpError("credential", f"the agent tells its clock, but does not answer encrypted questions: {wrong}")
    wrong = "it does not know the context" if agent.context else "it does not let this user in"
    return SnmpError("credential", f"the agent tells its clock, but does not answer: {wrong}")
