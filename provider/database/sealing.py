"""Secrets at rest: sealed when they are written, and opened when they are read, with a key in a file of its own.

What is sealed is told by the declarations (`Hidden`). It is a text within JSON: a mark, the beginning of the hash of
its key, and what AES-GCM made of it. A text of somebody else that begins with the mark is sealed too, so
that none is taken for what it is not.
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final, NamedTuple

import msgspec

from provider.errors import Unavailable
from provider.late import aead, exceptions
from provider.messages import Message
from provider.nouns.texts import Hidden
from provider.replacements import partial, sync

MARK: Final = "sealed:1:"
NEXT: Final = "next"
"""Stands before a key that only opens yet, and will seal: see `rotation`."""

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ID_LENGTH: Final = 8
_HASHING: Final = b"hashes"
"""What the key for hashes is made from, so that it is another one than that which seals."""


def new_key() -> str:
    """Return a new key, as it stands in a key file."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def anew(content: str, keys: "SealingKeys") -> str:
    """Return a column, of JSON or sealed as a whole, with its secrets sealed with the first key. Raises `Unavailable`.

    It is the same column where they are already.
    """

    def seal(sealed: str) -> str:
        return sealed if keys.is_newest(sealed) else keys.seal(keys.open(sealed))

    if content.startswith(MARK):
        return seal(content)
    value = msgspec.json.decode(content)
    changed = _changed(value, seal, _is_sealed)
    return content if changed == value else msgspec.json.encode(changed).decode()


def beside(database: Path) -> Path:
    """Return where the key of a database is kept, unless somebody says otherwise."""
    return database.with_name(f"{database.name}.key")


class _SealingKey(NamedTuple):
    """A key in the file: what seals with it, and what hashes with it."""

    cipher: "aead.AESGCM"
    hashing: bytes


class SealingKeys:
    """The keys in a file, one a line: the first one seals, any of them opens. They are read when one is needed.

    A file that was replaced is read anew before something is sealed, and when its keys do not open something: services
    on several machines are given another file while they run.
    """

    def __init__(self, path: Path, *, are_made: bool = True) -> None:
        """Take a file. Unless they `are_made` where there is none, sealing something is refused without."""
        self.path = path
        self._are_made = are_made
        self._keys: dict[str, _SealingKey] = {}
        self._seen: tuple[int, ...] = ()
        """What tells the file that was read from another one in its place."""

    def seal(self, text: str) -> str:
        """Seal a text. Makes the file if there is none. Raises `Unavailable`."""
        name, key = self._newest()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        content = key.cipher.encrypt(nonce, text.encode(errors="surrogatepass"), None)
        return f"{MARK}{name}:{base64.urlsafe_b64encode(nonce + content).decode()}"

    def hash(self, text: str) -> str:
        """Return a hash that nobody without the key can compute, not even to test a guess. Raises `Unavailable`.

        It is the same for the same text until another key seals, at all services that share the file.
        """
        _name, key = self._newest()
        return hmac.new(key.hashing, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()

    def _newest(self) -> tuple[str, _SealingKey]:
        """Return the key that seals. Makes the file if there is none. Raises `Unavailable`."""
        if not self._read():
            if not self._are_made:
                raise Unavailable(
                    Message("the key file {path} is missing: put the one that all services share there", path=self.path)
                )
            self.make()
        return next(iter(self._keys.items()))

    def open(self, sealed: str) -> str:
        """Open what was sealed. Raises `Unavailable` without the key with which it was."""
        name, _colon, content = sealed.removeprefix(MARK).partition(":")
        if name not in self._keys:
            self._read()
        key = self._keys.get(name)
        if key is None and not self._keys:
            raise Unavailable(self.why_missing())
        try:
            plain = base64.urlsafe_b64decode(content)
            if key is not None:
                opened = key.cipher.decrypt(plain[:_NONCE_BYTES], plain[_NONCE_BYTES:], None)
                return opened.decode(errors="surrogatepass")
        except (exceptions.InvalidTag, ValueError):
            pass
        raise Unavailable(
            Message(
                "the key file {path} does not decrypt the secrets in the database: put back the one that does",
                path=self.path,
            )
        )

    def is_newest(self, sealed: str) -> bool:
        """Tell whether something is sealed with the key that seals."""
        return self._read() and sealed.removeprefix(MARK).startswith(f"{next(iter(self._keys))}:")

    def seal_bytes(self, content: bytes) -> bytes:
        """Seal what is text in UTF-8. Raises `Unavailable`."""
        return self.seal(content.decode()).encode()

    def open_bytes(self, content: bytes) -> bytes:
        """Open what `seal_bytes` gave; what is not sealed stays as it is. Raises `Unavailable`."""
        return self.open(content.decode()).encode() if content.startswith(MARK.encode()) else content

    def why_missing(self) -> str:
        """Say that there is no key file, and what to do."""
        return Message(
            "the key file {path} is missing, and the secrets in the database are encrypted with it: put it "
            "back from a backup, or set PROVIDER_SECRET_KEY_FILE",
            path=self.path,
        )

    def make(self) -> None:
        """Make a file with a new key, for its owner alone, if there is none. Raises `Unavailable`."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with partial(self.path) as made:
                made.write_text(f"{new_key()}\n", encoding="ascii")
                sync(made)
                os.link(made, self.path)  # which never takes the place of a key that another process made meanwhile
            sync(self.path.parent)
        except FileExistsError:
            pass
        except OSError as error:
            told = {"path": self.path, "why": error.strerror}
            raise Unavailable(Message("the key file {path} cannot be created: {why}", **told)) from error
        self._read()

    def exists(self) -> bool:
        """Tell whether there are keys. Raises `Unavailable` for a file that has none, or cannot be read."""
        return self._read()

    def _read(self) -> bool:
        try:
            found = self._find()
        except Unavailable:
            if not self._keys:  # or the file is just being copied: what was read is good until then
                raise
        else:
            self._keys = found
        return bool(self._keys)

    def _find(self) -> dict[str, _SealingKey]:
        """Return the keys in the file as it is now; those that are known where there is none."""
        try:
            status = self.path.stat()
            seen = status.st_mtime_ns, status.st_ino, status.st_size
            if seen == self._seen:
                return self._keys
            if not S_ISREG(status.st_mode):  # to read from a named pipe would take for ever
                raise Unavailable(Message("the key file {path} is not a file", path=self.path))
            words = self.path.read_text(encoding="ascii").split()
            keys = [base64.urlsafe_b64decode(word) for word in words if word != NEXT]
        except FileNotFoundError:
            return self._keys
        except OSError as error:
            told = {"path": self.path, "why": error.strerror}
            raise Unavailable(Message("the key file {path} cannot be read: {why}", **told)) from error
        except ValueError:
            keys = []
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise Unavailable(Message("the key file {path} has no key: put back the right one", path=self.path))
        self._seen = seen
        return {
            hashlib.sha256(key).hexdigest()[:_ID_LENGTH]: _SealingKey(
                aead.AESGCM(key), hmac.new(key, _HASHING, hashlib.sha256).digest()
            )
            for key in keys
        }


class _HiddenFound(Exception):  # no error: a secret is to be sealed
    """A value has a secret."""


def _refuse_hidden(_secret: object) -> object:
    raise _HiddenFound


_encode: Final = msgspec.json.Encoder(enc_hook=_refuse_hidden).encode


class SealedJson:
    """Columns of JSON, written and read with their secrets sealed."""

    def __init__(self, keys: SealingKeys) -> None:
        self._keys = keys

    def write(self, value: object) -> str:
        """Write a column: ten times as fast as Python's own, where nothing has to be sealed."""
        try:
            text = _encode(value).decode()
        except _HiddenFound:
            text = MARK
        return msgspec.json.encode(_changed(value, self._keys.seal, _is_to_seal)).decode() if MARK in text else text

    def read(self, text: str) -> Any:
        """Read a column. Raises `ValueError` for what is no JSON, and `Unavailable` for what cannot be opened."""
        value = msgspec.json.decode(text)
        return _changed(value, self._keys.open, _is_sealed) if MARK in text else value


def _is_to_seal(text: str) -> bool:
    return isinstance(text, Hidden) or text.startswith(MARK)


def _is_sealed(text: str) -> bool:
    return text.startswith(MARK)


def _changed(value: Any, change: Callable[[str], str], is_meant: Callable[[str], bool]) -> Any:
    if isinstance(value, str):
        return change(str(value)) if is_meant(value) else value
    if isinstance(value, dict):
        return {name: _changed(member, change, is_meant) for name, member in value.items()}
    return [_changed(item, change, is_meant) for item in value] if isinstance(value, list | tuple) else value
