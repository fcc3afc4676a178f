"""Why a session brought nothing: one key for programs, one sentence for people, whatever family the library's exception is of.

netmiko and paramiko raise from two families without a common parent, and netmiko hides the reason in `__context__`
(DEVICES.md 5). Everything is wrapped here, at the edge of the room.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping

from netwatch.errors import Reason

SENTENCES: Mapping[str, tuple[str, str]] = {  # key -> Indonesian, English
    "credentials": (
        "perangkat menolak nama pengguna, kata sandi, atau kunci",
        "the device refuses user name, password or key",
    ),
    "key_file": (
        "berkas kunci SSH netwatch sendiri tidak dapat dibuka",
        "netwatch's own SSH key file cannot be opened",
    ),
    "enable": (
        "masuk berhasil, tetapi perangkat menolak mode enable (`enable_secret` di credentials.yaml)",
        "logged in, but the device refuses enable mode (`enable_secret` in credentials.yaml)",
    ),
    "algorithms": (
        "tidak ada algoritme yang sama; perangkat lama memerlukan `ssh: {profile: legacy}` di inventaris",
        "no common algorithm; an old device needs `ssh: {profile: legacy}` in the inventory",
    ),
    "host_key_changed": (
        "kunci host berubah: perangkat diganti atau disadap; kata sandi tidak dikirim. Bila diganti: `netwatch hostkey accept`",
        "the host key has changed: replaced or intercepted; no password was sent. If replaced: `netwatch hostkey accept`",
    ),
    "refused": ("perangkat menutup port SSH", "nobody listens on the SSH port"),
    "unreachable": ("tidak ada jalan ke perangkat", "no way to the device"),
    "no_answer": (
        "tersambung, tetapi SSH perangkat tidak menyapa: layanannya macet atau sedang penuh",
        "connected, but the device's SSH does not greet: its service hangs or is full",
    ),
    "slow": ("masuk berhasil, tetapi perangkat terlalu lambat", "the device was too slow"),
    "closed": ("perangkat memutus sambungan di tengah sesi", "the device closed the connection in the middle"),
    "busy": ("terlalu banyak sesi SSH sekaligus; tidak ditanyakan", "too many SSH sessions at once; it was not asked"),
    "platform": ("tidak ada perintah yang dikenal untuk jenis perangkat ini", "no command is known for this platform"),
    "state": ("kunci host tidak dapat disimpan", "host keys cannot be kept"),
    "forbidden": (
        "pustaka hendak mengirim perintah yang tidak ada dalam daftar; sesi diakhiri",
        "the library was about to send a command that is not on the list; the session was ended",
    ),
    "unparsable": (
        "keluaran perangkat tidak dapat dibaca; teks aslinya disimpan",
        "the device's output could not be read; its text is kept",
    ),
    "failed": ("pembacaan gagal", "the reading failed"),
}
NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT)


class SshError(Exception):
    """A session that brought nothing; `key` is one of `SENTENCES`, `detail` is for the log and names no secret."""

    def __init__(self, key: str, detail: str = "") -> None:
        self.key = key
        self.detail = detail
        super().__init__(f"{key}: {detail}" if detail else key)


def reason_of(error: str) -> Reason:
    """Return the error of a reading as a sentence in both languages."""
    key, _, detail = error.partition(":")
    indonesian, english = SENTENCES.get(key, SENTENCES["failed"])
    more = f" ({detail.strip()})" if detail.strip() else ""
    return Reason(f"ssh_{key if key in SENTENCES else 'failed'}", indonesian + more, english + more)


def while_connecting(error: OSError, port: int) -> SshError:
    """Say why no TCP connection came about."""
    if isinstance(error, ConnectionRefusedError):
        return SshError("refused", f"port {port}")
    if isinstance(error, TimeoutError):
        return SshError("unreachable", "no answer to the connection")
    if error.errno in NO_WAY:
        return SshError("unreachable", (error.strerror or "no route").lower())
    return SshError("failed", error.strerror or type(error).__name__)


def while_talking(error: Exception, *, greeted: bool, logged_in: bool) -> SshError:
    """Say why a session ended: `greeted`: keys were exchanged; `logged_in`: the device let us in."""
    causes = _chain(error)
    own = next((cause for cause in causes if isinstance(cause, SshError)), None)
    if own is not None:
        return own
    kinds = {type(cause).__name__ for cause in causes}
    if "IncompatiblePeer" in kinds:
        return SshError("algorithms", _words(next(cause for cause in causes if type(cause).__name__ == "IncompatiblePeer")))
    if kinds & {"NetmikoAuthenticationException", "AuthenticationException", "BadAuthenticationType"} and not logged_in:
        return SshError("credentials" if greeted else "no_answer")
    if any("enable mode" in str(cause).lower() for cause in causes):
        return SshError("enable")
    if "ReadTimeout" in kinds and logged_in:
        return SshError("slow", "no prompt in time")
    if any("banner" in str(cause).lower() for cause in causes) or not greeted:
        return SshError("no_answer")
    if kinds & {"EOFError", "ConnectionResetError", "BrokenPipeError"} or any("closed" in str(c).lower() for c in causes):
        return SshError("closed")
    if kinds & {"TimeoutError", "NetmikoTimeoutException"}:
        return SshError("slow", "no prompt in time" if logged_in else "the log-in did not end in time")
    return SshError("failed", type(error).__name__)


def _words(error: BaseException) -> str:
    """Return what of a message in parentheses says more: `no acceptable kex algorithm`."""
    _, _, rest = str(error).partition("(")
    return rest.rstrip(")")[:80]


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and everything that led to it."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(found) < 10:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found
