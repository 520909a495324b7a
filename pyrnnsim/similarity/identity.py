"""Which networks are equal to the last bit, and the order in which networks are compared."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from pyrnnsim.similarity.factors import chunks
from pyrnnsim.similarity.networks import Networks


def identities(sides: Sequence[Networks]) -> list[dict[int, bytes]]:
    """A key per network present, equal exactly for networks that are equal to the last bit.

    Whole bases are looked at only where spectrum and first rows do not tell networks apart already.
    """
    keys = [{i: side.glance(i) for i in side.present} for side in sides]
    count = Counter(key for side in keys for key in side.values())
    return [
        {i: key + (_content(side, i) if count[key] > 1 else b"") for i, key in found.items()}
        for side, found in zip(sides, keys, strict=True)
    ]


def canonical_order(networks: Networks, keys: Mapping[int, bytes]) -> list[int]:
    """Networks present, by falling width, then by content: a pair is computed alike wherever its networks stand.

    Both orders of a pair are equal in exact arithmetic only; a fixed one makes the result independent of the order of
    the networks, to the last bit.
    """
    return sorted(networks.present, key=lambda i: (-networks.width(i), keys[i]))


def _content(networks: Networks, i: int) -> bytes:
    state = hashlib.blake2b(digest_size=16)
    for start, stop in chunks(networks.collection.samples):
        state.update(networks.basis(i, start, stop).tobytes())
    return state.digest()
