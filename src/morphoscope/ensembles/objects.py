"""The objects of an ensemble in an S3 bucket, through obstore; errors are one line."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.extras import require

CLAIM = "ensemble.json"  # says which ensemble the prefix belongs to; it is made before all other objects
_ONE_REQUEST = 1 << 30  # bytes up to which an object is written by one request; S3 accepts 5 GiB
_CLIENT = {"connect_timeout": "5s", "timeout": "60s"}
_RETRIES = 3
_LONGEST_REASON = 200  # characters


class UnreachableError(UsageError):
    """The store did not answer, or refused; nothing is known about the data."""


class Objects:
    """What is below an address; credentials, region and endpoint come from the environment (``AWS_…``).

    Raises UsageError if obstore is not installed or the environment is not valid.
    """

    def __init__(self, address: str) -> None:
        require("objects")
        from obstore.store import S3Store

        self.address = address
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
        retries = {
            "max_retries": _RETRIES,
            "retry_timeout": datetime.timedelta(seconds=20),
            "backoff": {
                "init_backoff": datetime.timedelta(seconds=0.1),
                "max_backoff": datetime.timedelta(seconds=2),
                "base": 2,
            },
        }
        with self.errors():
            self._store: Any = S3Store.from_url(
                address,
                client_options={**_CLIENT, "allow_http": endpoint.startswith("http://")},
                retry_config=retries,
                **({"endpoint": endpoint} if endpoint else {}),
            )

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what the store answers into one line; a missing object stays a FileNotFoundError."""
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError:
            raise
        except (BaseError, OSError, ValueError) as error:
            if isinstance(error, UsageError):
                raise
            raise UnreachableError(f"{self.address} can't be used: {_explain(error)}") from None

    def read(self, name: str) -> bytes:
        """The content of an object. Raises FileNotFoundError."""
        import obstore

        with self.errors():
            return bytes(obstore.get(self._store, name).bytes())

    def size(self, name: str) -> int | None:
        """The bytes of an object; None if it is not there."""
        import obstore

        try:
            with self.errors():
                return int(obstore.head(self._store, name)["size"])
        except FileNotFoundError:
            return None

    def more_than(self, prefix: str, count: int) -> bool:
        """Whether there are more than so many objects whose names begin with ``prefix``."""
        import obstore

        with self.errors():
            page: Any = next(iter(obstore.list(self._store, prefix or None, chunk_size=count + 1)), [])
        return len(page) > count

    def put(self, name: str, content: bytes, *, new: bool = False) -> None:
        """Write an object. Raises FileExistsError if it must be new and is not."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self.errors():
            try:
                obstore.put(self._store, name, content, mode="create" if new else "overwrite", use_multipart=False)
            except AlreadyExistsError:
                raise _ThereError from None

    def put_all(self, objects: Mapping[str, bytes], last: str) -> None:
        """Write objects; the last one says that all are there."""
        for name in sorted(objects, key=lambda name: name == last):
            self.put(name, objects[name])

    def claim(self, values: Mapping[str, str]) -> None:
        """Reserve the prefix for one ensemble. Raises UsageError if it has other objects or is another's."""
        try:
            if self.more_than("", 0) and self.size(CLAIM) is None:
                raise UsageError(f"{self.address} contains other objects; choose another prefix", parameter="store")
            self.put(CLAIM, json.dumps(dict(values)).encode(), new=True)
        except _ThereError:
            self._check_claim(values)
        except FileNotFoundError:
            raise UnreachableError(f"{self.address} can't be used: there is no such bucket; create it") from None

    def _check_claim(self, values: Mapping[str, str]) -> None:
        try:
            found = json.loads(self.read(CLAIM))
            if found["key"] == values["key"]:
                return
            same = found["plan_hash"] == values["plan_hash"]
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, UsageError):
                raise
            raise DataError(f"{self.address}/{CLAIM} is damaged ({error}); choose another prefix") from error
        whose = "the same plan, made in another folder; use that folder" if same else "another plan"
        raise UsageError(
            f"{self.address} contains an ensemble of {whose}{', or' if same else ';'} choose another prefix",
            parameter="store",
        )

    def zarr_store(self, *, chunks_are_read: bool = True) -> Any:
        """A Zarr store. Without chunks, as in :func:`.durable_store`, Zarr does not read what it will replace."""
        import obstore
        from zarr.storage import ObjectStore

        errors = self.errors

        class Store(ObjectStore):  # type: ignore[misc]  # Zarr is not typed for us
            async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
                if not chunks_are_read and not key.endswith("zarr.json"):
                    return None
                with errors():
                    return await super().get(key, prototype, byte_range)

            async def set(self, key: str, value: Any) -> None:
                content = value.as_buffer_like()
                with errors():
                    await obstore.put_async(
                        self.store, key, content, use_multipart=memoryview(content).nbytes > _ONE_REQUEST
                    )

            async def exists(self, key: str) -> bool:
                with errors():
                    return await super().exists(key)

        return Store(self._store)


class _ThereError(Exception):  # not an error for the user
    """An object that was to be new is there."""


def _explain(error: Exception) -> str:
    """The reason and a remedy, without the debugging output that obstore appends."""
    text = " ".join(str(error).split("\n\nDebug source:")[0].split())
    known = {
        "NoSuchBucket": "there is no such bucket; create it, or correct the address",
        "InvalidAccessKeyId": "the access key is unknown; correct AWS_ACCESS_KEY_ID",
        "SignatureDoesNotMatch": "the credentials are refused; correct AWS_SECRET_ACCESS_KEY",
        "AccessDenied": "access is denied; use credentials that may read, list and write it",
        "instance metadata": "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "169.254.169.254": "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "error sending request": "no server answers; correct AWS_ENDPOINT_URL and AWS_REGION, or try again later",
    }
    for sign, reason in known.items():
        if sign in text:
            return reason
    return f"{text[:_LONGEST_REASON]}; correct the address or the AWS_… variables, or try again later"
