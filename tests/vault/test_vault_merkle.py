# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree is RFC 6962's: the published vectors, and the laws of its proofs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_vault.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    proves_consistency,
    proves_inclusion,
)

# The test vectors of Certificate Transparency, as published with its C++ and Go implementations.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        '',
        '00',
        '10',
        '2021',
        '3031',
        '40414243',
        '5051525354555657',
        '606162636465666768696a6b6c6d6e6f',
    )
]
ROOTS = (
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
)
INCLUSION = {
    (0, 8): (
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ),
    (5, 8): (
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ),
}
CONSISTENCY = {
    (2, 5): (
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ),
    (2, 8): (
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ),
}


def tree_of(lines: list[bytes]) -> Tree:
    tree = Tree()
    tree.extend(lines)
    return tree


def test_the_published_roots_come_out():
    tree = Tree()
    assert tree.root() == EMPTY_ROOT
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.extend([leaf])
        assert tree.root().hex() == root


@pytest.mark.parametrize(('index', 'size'), INCLUSION)
def test_the_published_proofs_of_inclusion_come_out(index: int, size: int):
    leaves = [leaf_hash(line) for line in LEAVES[:size]]
    found = tuple(step.hex() for step in inclusion_proof(leaves, index))
    assert found == INCLUSION[index, size]


@pytest.mark.parametrize(('old', 'new'), CONSISTENCY)
def test_the_published_proofs_of_consistency_come_out(old: int, new: int):
    leaves = [leaf_hash(line) for line in LEAVES[:new]]
    found = tuple(step.hex() for step in consistency_proof(leaves, old))
    assert found == CONSISTENCY[old, new]


@given(
    lines=st.lists(st.binary(max_size=8), min_size=1, max_size=40, unique=True),
    index=st.integers(0, 39),
    other=st.integers(0, 39),
)
def test_a_proof_of_inclusion_proves_its_leaf_and_no_other(
    lines: list[bytes], index: int, other: int
):
    index %= len(lines)
    leaves = [leaf_hash(line) for line in lines]
    root, proof = tree_of(lines).root(), inclusion_proof(leaves, index)
    assert proves_inclusion(
        leaf=leaves[index], index=index, size=len(lines), root=root, proof=proof
    )
    wrong = leaf_hash(lines[index] + b'x')
    assert not proves_inclusion(leaf=wrong, index=index, size=len(lines), root=root, proof=proof)
    if other != index:
        assert not proves_inclusion(
            leaf=leaves[index], index=other, size=len(lines), root=root, proof=proof
        )
    for changed in (proof[:-1], [*proof, root]) if proof else ([root],):
        assert not proves_inclusion(
            leaf=leaves[index], index=index, size=len(lines), root=root, proof=changed
        )


@given(lines=st.lists(st.binary(max_size=8), min_size=2, max_size=40), cut=st.integers(1, 39))
def test_a_proof_of_consistency_proves_the_beginning_and_nothing_else(
    lines: list[bytes], cut: int
):
    cut = cut % (len(lines) - 1) + 1
    leaves = [leaf_hash(line) for line in lines]
    old, new = (cut, tree_of(lines[:cut]).root()), (len(lines), tree_of(lines).root())
    proof = consistency_proof(leaves, cut)
    assert proves_consistency(old=old, new=new, proof=proof)
    forged = tree_of([*lines[: cut - 1], lines[cut - 1] + b'x']).root()
    assert not proves_consistency(old=(cut, forged), new=new, proof=proof)
    assert not proves_consistency(old=old, new=(new[0], forged), proof=proof)
    assert not proves_consistency(old=old, new=new, proof=[*proof, forged])
    assert not proves_consistency(old=old, new=new, proof=proof[:-1])


def test_equal_trees_are_consistent_without_a_proof():
    root = tree_of(LEAVES).root()
    assert proves_consistency(old=(8, root), new=(8, root), proof=[])
    assert not proves_consistency(old=(8, root), new=(8, EMPTY_ROOT), proof=[])
    assert not proves_consistency(old=(0, EMPTY_ROOT), new=(8, root), proof=[])


def test_a_tree_goes_on_from_its_peaks():
    first = tree_of(LEAVES[:5])
    again = Tree(first.size, first.peaks)
    again.extend(LEAVES[5:])
    assert again.root().hex() == ROOTS[-1]
    with pytest.raises(ValueError, match='1 peaks, a tree of 5 has 2'):
        Tree(5, first.peaks[:1])
