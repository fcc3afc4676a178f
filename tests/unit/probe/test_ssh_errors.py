"""Every way in which a session can fail has a key that says what to do, and a sentence in both languages."""

from __future__ import annotations

import errno

import paramiko
import pytest
from netmiko.exceptions import NetmikoAuthenticationException, NetmikoTimeoutException, ReadTimeout

from netwatch.probe.ssh.errors import SENTENCES, SshError, reason_of, while_connecting, while_talking


def caused(error: Exception, by: Exception) -> Exception:
    """Return an error that hides its reason, as netmiko does."""
    error.__context__ = by
    return error


PEER = paramiko.ssh_exception.IncompatiblePeer("Incompatible ssh peer (no acceptable kex algorithm)")
BANNER = paramiko.SSHException("Error reading SSH protocol banner")


@pytest.mark.parametrize(
    ("error", "greeted", "logged_in", "key"),
    [
        (NetmikoAuthenticationException("Authentication to device failed."), True, False, "credentials"),
        (paramiko.BadAuthenticationType("Bad", ["keyboard-interactive"]), True, False, "credentials"),
        (caused(NetmikoTimeoutException(""), PEER), False, False, "algorithms"),
        (caused(NetmikoTimeoutException(""), BANNER), False, False, "no_answer"),
        (NetmikoTimeoutException("TCP connection to device failed."), False, False, "no_answer"),
        (ReadTimeout("Pattern not detected"), True, True, "slow"),
        (TimeoutError(), True, False, "slow"),
        (EOFError(), True, True, "closed"),
        (ConnectionResetError(), True, True, "closed"),
        (OSError("Socket is closed"), True, True, "closed"),
        (ValueError("Failed to enter enable mode. Please ensure you pass the 'secret' argument"), True, True, "enable"),
        (caused(NetmikoTimeoutException(""), SshError("host_key_changed", "a, now b")), True, False, "host_key_changed"),
        (ValueError("Unexpected FortiOS Version encountered."), True, True, "failed"),
        (RuntimeError("rahasia-contoh"), True, True, "failed"),
    ],
)  # fmt: skip
def test_errors_of_both_families_get_a_key(error, greeted, logged_in, key):
    found = while_talking(error, greeted=greeted, logged_in=logged_in)
    assert found.key == key
    assert "rahasia-contoh" not in str(found)


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "refused"),
        (TimeoutError("timed out"), "unreachable"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "unreachable"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "unreachable"),
        (OSError(errno.EACCES, "Permission denied"), "failed"),
    ],
)
def test_a_connection_that_does_not_come_about_says_why(error, key):
    assert while_connecting(error, 22).key == key


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_every_key_has_a_sentence_in_both_languages(key):
    reason = reason_of(f"{key}: contoh")
    assert reason.key == f"ssh_{key}"
    assert reason.id.endswith("(contoh)")
    assert reason.en.endswith("(contoh)")
    assert reason.id != reason.en


def test_an_unknown_error_is_a_failure_and_keeps_its_words():
    assert reason_of("something else").key == "ssh_failed"
    assert "profile: legacy" in reason_of("algorithms").en
    assert "hostkey accept" in reason_of("host_key_changed: a, now b").id
