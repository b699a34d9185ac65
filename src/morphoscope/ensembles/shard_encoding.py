"""The bytes of a shard, made at once; Zarr hands every chunk to a thread, which takes longer than to compress it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import google_crc32c
import numpy as np
from numpy.typing import NDArray

_CHECKSUM = 4  # bytes of a CRC-32C
_MISSING = 2**64 - 1  # offset and length of a run that the array does not have, at the end of the last shard

Encode = Callable[[NDArray[Any]], bytes]


def checksum(content: bytes) -> bytes:
    """The CRC-32C of some bytes, as Zarr stores it."""
    return int(google_crc32c.value(content)).to_bytes(_CHECKSUM, "little")


def shard_encoder(array: Any, runs: int) -> Encode | None:
    """A function (values of a shard) → the bytes that Zarr would write; None for an array that Zarr must write.

    Those are arrays of other codecs, or with another number of ``runs`` in a shard than the first species' array.

    Source: Zarr v3, "Sharding codec" 1.0: chunks one after the other, then offset and length of each as little-endian
    numbers of 64 bits, then the CRC-32C of these.
    """
    if array.shards != (runs, *array.shape[1:]) or array.chunks != (1, *array.shape[1:]):
        return None
    *compressors, last = array.compressors or (None,)
    if len(compressors) > 1 or type(last).__name__ != "Crc32cCodec":
        return None
    if compressors and type(compressors[0]).__name__ != "BloscCodec":
        return None
    compress = _compressor(compressors[0].to_dict()["configuration"]) if compressors else _plain
    dtype = array.dtype.newbyteorder("<")

    def encode(values: NDArray[Any]) -> bytes:
        chunks = [compress(chunk) for chunk in np.ascontiguousarray(values, dtype=dtype)]
        index = np.full((runs, 2), _MISSING, dtype="<u8")
        lengths = np.array([len(chunk) + _CHECKSUM for chunk in chunks])
        index[: len(chunks), 0] = np.cumsum(lengths) - lengths
        index[: len(chunks), 1] = lengths
        parts = [part for chunk in chunks for part in (chunk, checksum(chunk))]
        return b"".join([*parts, index.tobytes(), checksum(index.tobytes())])

    return encode


def _plain(chunk: NDArray[Any]) -> bytes:
    return chunk.tobytes()


def _compressor(configuration: dict[str, Any]) -> Encode:
    """Blosc with the configuration that an array's metadata state."""
    from numcodecs import Blosc

    shuffle = {"noshuffle": Blosc.NOSHUFFLE, "shuffle": Blosc.SHUFFLE, "bitshuffle": Blosc.BITSHUFFLE}
    named = {name: configuration[name] for name in ("cname", "clevel", "blocksize")}
    blosc = Blosc(shuffle=shuffle[configuration["shuffle"]], **named)
    return lambda chunk: bytes(blosc.encode(chunk))  # the size of its numbers is that of the chunk's
