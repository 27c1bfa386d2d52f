# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree over the lines of a log: RFC 6962, so that others' tools check its proofs. Pure.

A leaf is `SHA-256(0x00 || line)`, a node `SHA-256(0x01 || left || right)`. A tree keeps only its
peaks, the roots of the largest complete subtrees from left to right: at most 20 for a million
lines.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

_BLOCK = 256
"""At most so many lines are hashed level by level: a third faster than one by one."""
HASH_BYTES = 32
"""Other lengths in a proof would let two nodes share one preimage."""
_leaf = sha256(b'\0').copy
"""A hash that has begun: copied faster than made, and the line is not."""
EMPTY_ROOT = sha256(b'').digest()


def leaf_hash(line: bytes) -> bytes:
    """The hash of a stored line, without its newline, as a leaf."""
    digest = _leaf()
    digest.update(line)
    return digest.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b'\1' + left + right).digest()


def root_of(peaks: Sequence[bytes]) -> bytes:
    """The root of the tree that has these peaks, the largest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


class Tree:
    """A growing tree that remembers its size and its peaks.

    Args:
        size: How many leaves it has already.
        peaks: Their peaks.
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError(f'{len(self.peaks)} peaks, a tree of {size} has {size.bit_count()}')

    def copy(self) -> 'Tree':
        """Another tree, as this one is now."""
        return Tree(self.size, self.peaks)

    def extend(self, lines: Iterable[bytes]) -> None:
        """Append stored lines."""
        waiting = list(lines)
        at, count = 0, len(waiting)
        while at < count:
            fits = 1 << (count - at).bit_length() - 1
            leaves = min(fits, _BLOCK, self.size & -self.size or _BLOCK)
            self._push(_block_root(waiting[at : at + leaves]), leaves)
            at += leaves

    def _push(self, node: bytes, leaves: int) -> None:
        """Append a complete subtree of so many leaves, a power of two that divides the size."""
        peaks, full = self.peaks, self.size // leaves
        while full & 1:
            node = sha256(b'\1' + peaks.pop() + node).digest()
            full >>= 1
        peaks.append(node)
        self.size += leaves

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return root_of(self.peaks)


def _block_root(lines: Sequence[bytes]) -> bytes:
    """The root over a power of two of lines."""
    level = []
    for line in lines:  # `leaf_hash` without its call: a tenth of the time
        digest = _leaf()
        digest.update(line)
        level.append(digest.digest())
    while len(level) > 1:
        level = [sha256(b'\1' + a + b).digest() for a, b in zip(*[iter(level)] * 2, strict=True)]
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from a leaf to the root over all leaves (RFC 6962, 2.1.1).

    Args:
        leaves: Leaf hashes of the whole tree.
        index: Which leaf, from 0.
    """
    if len(leaves) == 1:
        return []
    half = _largest_power_below(len(leaves))
    if index < half:
        return [*inclusion_proof(leaves[:half], index), _root(leaves[half:])]
    return [*inclusion_proof(leaves[half:], index - half), _root(leaves[:half])]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """The hashes that show the tree of the first leaves within the whole one (RFC 6962, 2.1.2)."""
    return _subproof(leaves, old_size, whole=True) if 0 < old_size < len(leaves) else []


def step_proof(old_size: int, peaks: Sequence[bytes], fresh: Sequence[bytes]) -> list[bytes]:
    """The consistency proof from an old tree's peaks and the leaves that came since.

    It equals `consistency_proof` over all leaves: whatever of it lies in the old tree is a peak.

    Args:
        old_size: Leaves of the old tree, at least one.
        peaks: Its peaks, the largest first.
        fresh: Leaf hashes behind it, at least one.
    """
    starts, at = {}, 0
    for peak, size in zip(peaks, _peak_sizes(old_size), strict=True):
        starts[at, at + size] = peak
        at += size

    def root(begin: int, end: int) -> bytes:
        known = starts.get((begin, end))
        return _root(fresh[begin - old_size : end - old_size]) if known is None else known

    def proof(begin: int, end: int, *, whole: bool) -> list[bytes]:
        if end == old_size:
            return [] if whole else [root(begin, end)]
        half = begin + _largest_power_below(end - begin)
        if old_size <= half:
            return [*proof(begin, half, whole=whole), root(half, end)]
        return [*proof(half, end, whole=False), root(begin, half)]

    return proof(0, old_size + len(fresh), whole=True)


def _peak_sizes(size: int) -> list[int]:
    """How many leaves stand under each peak of a tree."""
    return [1 << bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]


def proves_inclusion(
    *, leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether a proof leads from a leaf hash to the root of a tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(step) != HASH_BYTES for step in proof):
        return False
    node, at, last = leaf, index, size - 1
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(step, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, step)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def proves_consistency(
    *, old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]
) -> bool:
    """Whether a proof shows that the old tree is the beginning of the new one (RFC 9162, 2.1.4.2).

    Args:
        old: Size and root of the old tree.
        new: Size and root of the new tree.
        proof: What `consistency_proof` gave.
    """
    (old_size, old_root), (new_size, new_root) = old, new
    if any(len(step) != HASH_BYTES for step in proof):
        return False
    if not 0 < old_size < new_size:
        return not proof and old_size == new_size and old_root == new_root
    steps = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not steps:
        return False
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    in_old = in_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            in_old, in_new = node_hash(step, in_old), node_hash(step, in_new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            in_new = node_hash(in_new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and in_old == old_root and in_new == new_root


def _subproof(leaves: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    if old_size == len(leaves):
        return [] if whole else [_root(leaves)]
    half = _largest_power_below(len(leaves))
    if old_size <= half:
        return [*_subproof(leaves[:half], old_size, whole=whole), _root(leaves[half:])]
    return [*_subproof(leaves[half:], old_size - half, whole=False), _root(leaves[:half])]


def _root(leaves: Sequence[bytes]) -> bytes:
    level = list(leaves)
    while len(level) > 1:
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _largest_power_below(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1
