"""Encryption of what must be kept but not read: AES-256-GCM, the nonce before the ciphertext."""

import base64
import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import SchemasError

_NONCE_BYTES = 12


class SealError(SchemasError):
    """A key that cannot be used, or a payload that was not sealed with it."""


class Seal:
    """Seals and opens bytes with one key; `key_id` names the key without telling it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise SealError(f"reading the dead-letter key: {len(key)} bytes; 32 random bytes in base64 are needed")
        self._cipher = AESGCM(key)
        self.key_id = sha256(b"lienthong key id" + key).hexdigest()[:16]

    @classmethod
    def from_file(cls, path: Path) -> "Seal":
        """The key in `path`, base64. Raises SealError where it cannot be read."""
        try:
            return cls(base64.b64decode(path.read_text(encoding="ascii").strip(), validate=True))
        except (OSError, ValueError) as error:
            raise SealError(
                f"reading the dead-letter key {path.name}: {error}; write 32 random bytes in base64 there, mode 0600"
            ) from error

    def seal(self, data: bytes) -> bytes:
        """Nonce and ciphertext; different each time."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, None)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. Raises SealError where key or payload do not fit."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError) as error:
            raise SealError(
                "opening a sealed payload: wrong key or damaged bytes; use the key named by key_id"
            ) from error
