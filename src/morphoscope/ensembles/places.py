"""Where the arrays of an ensemble are: in its folder, or in an object store such as S3, whose address the folder keeps.

An object is written by one request and is there whole or not at all, so it needs no temporary name. Plan, ledger,
provenance and lock stay in the folder: it has one writer, and SQLite needs a file system that can lock.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from morphoscope.core.durability import sync_folder
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import read_json, write_json, writing
from morphoscope.ensembles.local_files import durable_store

if TYPE_CHECKING:
    from morphoscope.ensembles.objects import Objects

DATA_FOLDER = "data.zarr"
STORE_FILE = "store.json"
NO_CLUSTER = "a cluster can't use an object store yet; leave the cluster out, or choose a folder for the arrays"
_EXPECTED = "expected s3://BUCKET/PREFIX"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")
_PREFIX = re.compile(r"[\w.+=@,-]+(/[\w.+=@,-]+)*", re.ASCII)


class Place:
    """The arrays' place in the folder itself.

    Parameters
    ----------
    home
        The ensemble's folder.
    """

    remote = False

    def __init__(self, home: Path) -> None:
        self.home, self.folder = home, home / DATA_FOLDER

    def __str__(self) -> str:
        return str(self.folder)

    def exists(self) -> bool:
        """Whether the Zarr group is there."""
        return self.folder.exists()

    def zarr_store(self, *, writable: bool = False) -> Any:
        """What Zarr and xarray open; where it is writable, for chunks: see :func:`.durable_store`."""
        return durable_store(self.folder) if writable else self.folder

    def variables(self) -> Any:
        """What Zarr opens to write small arrays."""
        return self.folder

    def errors(self, name: str = "") -> contextlib.AbstractContextManager[None]:
        """Turns the errors of writing into a UsageError."""
        return writing(self.folder / name if name else self.folder)

    def read(self, name: str) -> bytes:
        """The content of a file. Raises OSError."""
        return (self.folder / name).read_bytes()

    def size(self, name: str) -> int | None:
        """The bytes of a file; None if it is not there."""
        try:
            return (self.folder / name).stat().st_size
        except OSError:
            return None

    def has_shards(self, name: str) -> bool:
        """Whether there is a file of any shard of an array."""
        return any(self.folder.glob(f"{name}/c*"))

    def sync(self, name: str) -> None:
        """Store the names in an array's folder."""
        with self.errors(name):
            sync_folder(self.folder / name)


class ObjectPlace(Place):
    """The arrays' place in an object store; the network is used when something is read or written.

    Parameters
    ----------
    home
        The ensemble's folder.
    address
        ``s3://BUCKET/PREFIX``.
    key
        Names this ensemble among all that could use the address.
    """

    remote = True

    def __init__(self, home: Path, address: str, key: str) -> None:
        super().__init__(home)
        self.address, self.key = address, key
        self._opened: Objects | None = None

    def __str__(self) -> str:
        return self.address

    @property
    def objects(self) -> Objects:
        """The objects, with the credentials of this process's environment."""
        if self._opened is None:
            from morphoscope.ensembles.objects import Objects

            self._opened = Objects(self.address)
        return self._opened

    def exists(self) -> bool:
        """Whether the Zarr group is there: its description is written last."""
        return self.size("zarr.json") is not None

    def zarr_store(self, *, writable: bool = False) -> Any:
        """What Zarr and xarray open."""
        return self.objects.zarr_store(chunks_are_read=not writable)

    def variables(self) -> Any:
        """What Zarr opens to write small arrays."""
        return self.objects.zarr_store()

    def errors(self, name: str = "") -> contextlib.AbstractContextManager[None]:
        """Errors of the store are UsageErrors already."""
        return contextlib.nullcontext()

    def read(self, name: str) -> bytes:
        """The content of an object. Raises FileNotFoundError, or UsageError if the store does not answer."""
        return self.objects.read(name)

    def size(self, name: str) -> int | None:
        """The bytes of an object; None if it is not there."""
        return self.objects.size(name)

    def has_shards(self, name: str) -> bool:
        """Whether there is an object of any shard of an array."""
        return self.objects.more_than(f"{name}/", 1)  # its zarr.json

    def sync(self, name: str) -> None:
        """Nothing to do: what the store has accepted is durable."""


def check_address(address: str) -> str:
    """The normal form of an address. Raises UsageError for what is no address of an object store."""
    parts = urlsplit(address)
    bucket, prefix = parts.netloc, parts.path.strip("/")
    if parts.scheme != "s3":
        raise UsageError(f"store {address!r} is not supported; {_EXPECTED}", parameter="store")
    if parts.query or parts.fragment or not _BUCKET.fullmatch(bucket):
        # The address is not repeated, because somebody may have put a password into it.
        raise UsageError(
            f"the address of the store names no bucket; {_EXPECTED}; credentials come from the environment",
            parameter="store",
        )
    if not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
        raise UsageError(
            f"store {address!r} has no usable prefix; {_EXPECTED}, with letters, digits and ._+=@,- in the prefix",
            parameter="store",
        )
    return f"s3://{bucket}/{prefix}"


def place_of(home: Path) -> Place:
    """Where the arrays of the ensemble in a folder are. Raises DataError if the folder's record is damaged."""
    path = home / STORE_FILE
    if not path.is_file():
        return Place(home)
    values = read_json(path, "the address of an ensemble's arrays")
    try:
        return ObjectPlace(home, check_address(str(values["store"])), str(values["key"]))
    except (KeyError, TypeError, UsageError) as error:
        raise DataError(f"{path} is damaged ({error}); restore it from a copy") from error


def claim(home: Path, store: str, plan_hash: str) -> None:
    """Record a new place in a folder, and reserve it for this folder; the record goes if that is refused.

    Raises UsageError if the folder's arrays are elsewhere, or the address is in use.
    """
    here = place_of(home)
    address = check_address(store)
    if here.exists() if not here.remote else str(here) != address:
        raise UsageError(f"the arrays of {home} are in {here}, but {address} was requested; choose another folder")
    if not here.remote:
        write_json(home / STORE_FILE, {"store": address, "key": secrets.token_hex(16)})
    found = place_of(home)
    assert isinstance(found, ObjectPlace)
    try:
        found.objects.claim({"key": found.key, "plan_hash": plan_hash})
    except UsageError:
        if not here.remote:
            (home / STORE_FILE).unlink(missing_ok=True)
        raise
