"""The files in which the chunks of runs are stored: written whole and durably, and verified by their checksums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.durability import sync_folder
from morphoscope.ensembles.objects import UnreachableError
from morphoscope.ensembles.places import Place
from morphoscope.ensembles.shard_encoding import checksum, shard_encoder

_CHECKSUM = 4  # bytes of a CRC-32C
_ENTRY = 16  # bytes of a chunk in a shard's index: offset and length
_MISSING = 2**64 - 1
Values = dict[str, NDArray[Any]]  # species → (run of the shard, time, y, x)


class Shards:
    """The files of an ensemble's arrays, by number; each has the same runs of every species.

    Parameters
    ----------
    place
        Where the Zarr group is.
    arrays
        Its Zarr arrays by species.
    targets
        The same arrays in a :func:`.durable_store`, if they are to be written.
    """

    def __init__(self, place: Place, arrays: Mapping[str, Any], targets: Mapping[str, Any] | None = None) -> None:
        self.place, self.arrays, self._targets = place, dict(arrays), dict(targets or {})
        first = next(iter(self.arrays.values()))
        self.shape, self.dtype = first.shape, first.dtype
        self.checked = first.shards is not None
        self.size = int(first.shards[0]) if self.checked else 1
        self._encoders = {species: shard_encoder(array, self.size) for species, array in self._targets.items()}

    def __len__(self) -> int:
        return -(-self.shape[0] // self.size)

    def runs(self, shard: int) -> range:
        """The runs in a shard."""
        return range(shard * self.size, min((shard + 1) * self.size, self.shape[0]))

    def of_runs(self, runs: NDArray[np.intp]) -> Iterator[tuple[int, list[int]]]:
        """Each shard with those of some ascending runs that are in it."""
        for group in np.split(runs, np.flatnonzero(np.diff(runs // self.size)) + 1):
            if len(group):
                yield int(group[0]) // self.size, group.tolist()

    def name(self, species: str, shard: int) -> str:
        """The file of a shard, below the group."""
        return f"{species}/{self.arrays[species].metadata.encode_chunk_key((shard, 0, 0, 0))}"

    def sizes(self, shard: int) -> int | None:
        """The number of bytes of a shard's files of all species together; None if one is missing."""
        sizes = [self.place.size(self.name(species, shard)) for species in self.arrays]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def any_stored(self) -> bool:
        """Whether there is a file of any shard."""
        return any(self.place.has_shards(species) for species in self.arrays)

    def empty(self, shard: int) -> Values:
        """Values for the runs of a shard, all NaN."""
        shape = (len(self.runs(shard)), *self.shape[1:])
        return {species: np.full(shape, np.nan, self.dtype) for species in self.arrays}

    def read(self, shard: int, runs: Iterable[int]) -> tuple[Values, list[int]]:
        """The values of a shard, read for some of its runs, NaN for the rest; and which of these runs are damaged."""
        values, damaged = self.empty(shard), []
        first = self.runs(shard)[0]
        for run in runs:
            for species, array in self.arrays.items():
                try:
                    values[species][run - first] = array[run]
                except UnreachableError:
                    raise
                except Exception:  # whatever a codec raises for bytes that are not its own
                    values[species][run - first] = np.nan
                if np.isnan(values[species][run - first]).any():
                    damaged.append(run)
        return values, sorted(set(damaged))

    def write(self, shard: int, values: Values) -> None:
        """Replace a shard's files, each whole, after its bytes are on the disk. Raises UsageError."""
        runs = self.runs(shard)
        for species, array in self._targets.items():
            with self.place.errors(species):
                if (encode := self._encoders[species]) is None:
                    array[runs.start : runs.stop] = values[species]
                else:
                    _set(array, (shard, 0, 0, 0), encode(values[species]))
                if not self.checked:  # folders of their own, one in another
                    for folder in list((self.place.folder / self.name(species, shard)).parents)[:4]:
                        sync_folder(folder)

    def sync(self) -> None:
        """Store the names of the files that were written."""
        for species in self.arrays:
            self.place.sync(species)

    def damaged(self, runs: NDArray[np.intp]) -> Iterator[tuple[int, str]]:
        """Which of some ascending runs can't be read as they were written, and why."""
        for shard, members in self.of_runs(runs):
            for species in self.arrays:
                if self.checked:
                    yield from _damaged_chunks(
                        self.place, self.name(species, shard), members, self.runs(shard)[0], self.size
                    )
                elif reason := _unreadable(self.arrays[species], members[0]):
                    yield members[0], reason


def _damaged_chunks(place: Place, path: str, runs: list[int], first: int, count: int) -> Iterator[tuple[int, str]]:
    """The runs whose chunk in a shard does not agree with its checksum; nothing is decompressed."""
    name = path.rpartition("/")[2]
    try:
        content = place.read(path)
    except OSError as error:
        reason = "no such object" if place.remote else (error.strerror or str(error)).lower()
        yield from ((run, f"{name}: {reason}") for run in runs)
        return
    index, ending = content[-_ENTRY * count - _CHECKSUM : -_CHECKSUM], content[-_CHECKSUM:]
    if len(index) != _ENTRY * count or checksum(index) != ending:
        yield from ((run, f"{name}: its index is damaged") for run in runs)
        return
    entries = np.frombuffer(index, dtype="<u8").reshape(-1, 2)
    for run in runs:
        begin, length = (int(number) for number in entries[run - first])
        chunk = content[begin : begin + length]
        if begin == _MISSING or len(chunk) != length or length < _CHECKSUM:
            yield run, f"{name}: its chunk is missing"
        elif checksum(chunk[:-_CHECKSUM]) != chunk[-_CHECKSUM:]:
            yield run, f"{name}: its checksum differs"


def _set(array: Any, chunk: tuple[int, ...], content: bytes) -> None:
    """Store the bytes of a shard as Zarr does."""
    from zarr.core.buffer import default_buffer_prototype
    from zarr.core.sync import sync

    key = f"{array.path}/{array.metadata.encode_chunk_key(chunk)}"
    sync(array.store.set(key, default_buffer_prototype().buffer.from_bytes(content)))


def _unreadable(array: Any, run: int) -> str | None:
    """Why a chunk without a checksum can't be the data of a run that is done; None if it can."""
    try:
        values = np.asarray(array[run])
    except UnreachableError:
        raise
    except Exception as error:
        return f"its chunk can't be decoded ({error})"
    return "its chunk is missing" if np.isnan(values).any() else None
