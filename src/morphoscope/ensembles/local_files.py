"""Files of a Zarr group in a folder: written durably, and what killed processes leave of them."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import Any

_PARTIAL = ".partial"


def remove_partial_files(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left in a Zarr group that is locked."""
    for path in partial_files(folder):
        path.unlink(missing_ok=True)


def partial_files(folder: Path) -> list[Path]:
    """What processes have left, or write at this moment, in a Zarr group."""
    return sorted(folder.rglob(f"*{_PARTIAL}"))


def durable_store(folder: Path) -> Any:
    """A Zarr store for writing: files are on the disk before they get their names.

    Chunks are never read from it: Zarr would read the last shard, which is shorter, before it replaces it, and fail if
    that is damaged.
    """
    from zarr.storage import LocalStore

    class DurableStore(LocalStore):  # type: ignore[misc]  # Zarr is not typed for us
        async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
            return await super().get(key, prototype, byte_range) if key.endswith("zarr.json") else None

        async def set(self, key: str, value: Any) -> None:
            await asyncio.to_thread(_put, self.root / key, value.as_buffer_like())

    return DurableStore(folder)


def _put(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A worker that was cut off from its cluster may write the same bytes at the same time as the one that took over.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_PARTIAL}")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
