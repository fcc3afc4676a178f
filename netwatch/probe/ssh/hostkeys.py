"""The keys by which devices show that they are still themselves: remembered at first sight, replaced only by a person's word.

`state/known_hosts/DEVICE` holds one line in OpenSSH's form, and a comment for every key that was accepted in place of another.
One file a device, written whole: two processes never rewrite each other's keys.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from netwatch.probe.ssh.errors import SshError

DIRECTORY = "known_hosts"


@dataclass(frozen=True, slots=True)
class HostKey:
    """One public key: its kind (`ssh-ed25519`) and its octets."""

    kind: str
    octets: bytes

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint as OpenSSH and the devices show it."""
        digest = base64.b64encode(hashlib.sha256(self.octets).digest()).decode("ascii").rstrip("=")
        return f"SHA256:{digest}"

    def __str__(self) -> str:
        """Show kind and fingerprint."""
        return f"{self.kind} {self.fingerprint}"


class HostKeys:
    """The keys that are remembered below one state directory. Raises SshError with the key `state`."""

    def __init__(self, state_directory: Path) -> None:
        self._state = state_directory
        self._directory = state_directory / DIRECTORY

    def known(self, device: str) -> HostKey | None:
        """Return the remembered key of a device, None when it was never seen."""
        try:
            text = (self._directory / device).read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise SshError("state", _said(error)) from error
        for line in text.splitlines():
            words = line.split()
            if len(words) >= 3 and not line.startswith("#"):
                with contextlib.suppress(binascii.Error):
                    return HostKey(words[1], base64.b64decode(words[2], validate=True))
        if text.strip():
            raise SshError("state", f"{self._directory / device} holds no key")
        return None

    def check(self, device: str, shown: HostKey) -> None:
        """Remember a key that is seen for the first time; raise SshError `host_key_changed` for another than the known one."""
        known = self.known(device)
        if known is None and not self._write(device, _line(device, shown), fresh=True):
            known = self.known(device)  # another process was faster
        if known is not None and known != shown:
            raise SshError("host_key_changed", f"known {known}, now {shown}")

    def accept(self, device: str, shown: HostKey, *, who: str, at: str) -> HostKey | None:
        """Put a key in place of the remembered one and say so in the file; return what was replaced."""
        before = self.known(device)
        history = self._history(device)
        if before is not None and before != shown:
            history.append(f"# {at} {who} accepted {shown} in place of {before}")
        self._write(device, "".join(f"{line}\n" for line in history) + _line(device, shown), fresh=False)
        return before

    def _history(self, device: str) -> list[str]:
        try:
            lines = (self._directory / device).read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return []
        return [line for line in lines if line.startswith("#")]

    def _write(self, device: str, text: str, *, fresh: bool) -> bool:
        """Write a file whole; with `fresh` only where there is none yet, and return whether that was so."""
        path = self._directory / device
        making: Path | None = None
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._belongs_to_the_daemon(self._directory)
            if fresh and path.exists() and not path.stat().st_size:
                path.unlink()
            handle, name = tempfile.mkstemp(prefix=f".{device}.", dir=self._directory)  # made with mode 0600
            making = Path(name)
            with open(handle, "w", encoding="ascii") as stream:  # noqa: PTH123 - a descriptor
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            self._belongs_to_the_daemon(making)
            if not fresh:
                making.replace(path)
                return True
            try:
                path.hardlink_to(making)
            except FileExistsError:
                return False
            else:
                return True
        except OSError as error:
            raise SshError("state", _said(error)) from error
        finally:
            if making is not None:
                making.unlink(missing_ok=True)

    def _belongs_to_the_daemon(self, path: Path) -> None:
        """Give what root has made to the owner of the state directory, who must read it tomorrow."""
        if os.geteuid() == 0:
            owner = self._state.stat()
            os.chown(path, owner.st_uid, owner.st_gid)


def _line(device: str, key: HostKey) -> str:
    return f"{device} {key.kind} {base64.b64encode(key.octets).decode('ascii')}\n"


def _said(error: Exception) -> str:
    return f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else "not in OpenSSH's form"
