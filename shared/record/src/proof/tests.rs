#![expect(clippy::arithmetic_side_effects, reason = "a sum that overflows fails the test")]

use super::*;
use crate::sample::{self, Files, log};
use crate::tree::leaf;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

fn included(files: &Files, index: u64, size: u64, root: &Hash) {
    let proof = Inclusion::read(files, index, size).unwrap();
    assert_eq!(proof.check(&leaf(&sample::entry(index)), root), Ok(()), "{index} of {size}");
}

fn goes_on(files: &Files, old: u64, new: u64, root: &Hash) {
    let proof = Consistency::read(files, old, new).unwrap();
    assert_eq!(proof.check(&sample::root(0, old), root), Ok(()), "{old} to {new}");
}

#[test]
fn every_proof_of_every_small_tree_holds() {
    for size in 0..=40 {
        let (files, edge) = log(&[size]);
        for place in 0..size {
            included(&files, place, size, &edge.root());
            goes_on(&files, place, size, &edge.root());
        }
        goes_on(&files, size, size, &edge.root());
        assert_eq!(Inclusion::read(&files, size, size), Err(ReadError::NoSuchPlace { size }));
        assert_eq!(Consistency::read(&files, size + 1, size), Err(ReadError::NoSuchPlace { size }));
    }
}

/// A tree in the memory of another implementation.
fn theirs(size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    for index in 0..size {
        tree.push(sample::entry(index));
    }
    tree
}

fn bytes(path: &[Hash]) -> Vec<u8> {
    path.iter().flat_map(Hash::as_bytes).copied().collect()
}

/// The hashes as `tlog_tiles` wants to be given them.
struct Stored<'f>(&'f Files, u64);

impl tlog_tiles::HashReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let mut nodes = Nodes::new(self.0, self.1);
        let hash = |index: &u64| {
            let (level, place) = tlog_tiles::tlog::split_stored_hash_index(*index);
            let hash = nodes.over(place << level, (place + 1) << level).unwrap();
            tlog_tiles::Hash(*hash.as_bytes())
        };
        Ok(indexes.iter().map(hash).collect())
    }
}

#[test]
fn proofs_are_those_of_other_implementations() {
    for size in [1_u64, 2, 3, 7, 8, 11, 64, 65, 255, 256, 257, 300, 513] {
        let (files, _) = log(&[size]);
        let tree = theirs(size);
        for place in
            (0..size).filter(|place| size < 20 || place % 37 == 0 || place + 2 > size || place.is_power_of_two())
        {
            let ours = Inclusion::read(&files, place, size).unwrap();
            let ct = tree.prove_inclusion(usize::try_from(place).unwrap());
            assert_eq!(bytes(&ours.path), ct.as_bytes(), "{place} of {size}");
            let tlog = tlog_tiles::prove_record(size, place, &Stored(&files, size)).unwrap();
            assert_eq!(ours.path, tlog.iter().map(|hash| Hash::new(hash.0)).collect::<Vec<_>>());
            if place > 0 {
                let ours = Consistency::read(&files, place, size).unwrap();
                let ct = tree.prove_consistency(usize::try_from(size - place).unwrap());
                assert_eq!(bytes(&ours.path), ct.as_bytes(), "{place} to {size}");
                let tlog = tlog_tiles::prove_tree(size, place, &Stored(&files, size)).unwrap();
                assert_eq!(ours.path, tlog.iter().map(|hash| Hash::new(hash.0)).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn the_tiles_that_are_named_are_all_that_is_read() {
    let (files, edge) = sample::large();
    let size = edge.size();
    let only = |tiles: Vec<Tile>| -> Files {
        tiles.iter().map(Tile::to_string).map(|path| (path.clone(), files[&path].clone())).collect()
    };
    for place in [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
        included(&only(Inclusion::tiles(place, size)), place, size, &edge.root());
        let some = only(Consistency::tiles(place, size));
        assert_eq!(Consistency::read(&some, place, size), Consistency::read(files, place, size));
    }
    assert!(Inclusion::tiles(size, size).is_empty());
    assert!(Consistency::tiles(size + 1, size).is_empty());
}

#[test]
fn an_earlier_tree_is_proven_by_the_tiles_of_a_later_one_alone() {
    for (size, there) in [(1, 2), (255, 257), (256, 512), (260, 300), (300, 2_000), (1_000, 1_000)] {
        let (before, files) = (log(&[size]).0, log(&[there]).0);
        for place in [0, size / 2, size - 1] {
            let proof = Inclusion::read_within(&files, place, size, there).unwrap();
            assert_eq!(Ok(&proof), Inclusion::read(&before, place, size).as_ref(), "{place} of {size}");
            assert_eq!(proof.check(&leaf(&sample::entry(place)), &sample::root(0, size)), Ok(()));
        }
        let nowhere = Inclusion::read_within(&files, 0, there + 1, there);
        assert_eq!(nowhere, Err(ReadError::NoSuchPlace { size: there }));
    }
}

#[test]
fn what_no_tree_can_be_is_refused() {
    let nothing = |index, size| Inclusion { index, size, path: vec![Hash::EMPTY] }.check(&Hash::EMPTY, &Hash::EMPTY);
    for (index, size) in [(0, 0), (5, 5), (6, 5), (u64::MAX, u64::MAX), (0, LARGEST_SIZE + 1)] {
        assert_eq!(nothing(index, size), Err(ProofError::NoSuchPlace));
    }
    let goes = |old, new, path: &[Hash]| Consistency { old, new, path: path.to_vec() };
    assert_eq!(goes(3, 2, &[]).check(&Hash::EMPTY, &Hash::EMPTY), Err(ProofError::Backwards));
    assert_eq!(goes(0, u64::MAX, &[]).check(&Hash::EMPTY, &Hash::EMPTY), Err(ProofError::NoSuchPlace));
    // From nothing, everything follows, without a word; but nothing has one root only.
    let root = sample::root(0, 3);
    assert_eq!(goes(0, 3, &[]).check(&Hash::EMPTY, &root), Ok(()));
    assert_eq!(goes(0, 3, &[root]).check(&Hash::EMPTY, &root), Err(ProofError::WrongLength));
    assert_eq!(goes(0, 3, &[]).check(&root, &root), Err(ProofError::OtherRoot));
    assert_eq!(goes(3, 3, &[]).check(&root, &root), Ok(()));
    assert_eq!(goes(3, 3, &[]).check(&root, &sample::root(0, 2)), Err(ProofError::OtherRoot));
    assert_eq!(goes(2, 3, &[]).check(&root, &root), Err(ProofError::WrongLength));
}

/// Every way to change one hash, or how many there are.
fn changed(path: &[Hash], at: usize, bit: u8) -> Vec<Vec<Hash>> {
    let mut all = vec![[path, &[Hash::EMPTY]].concat()];
    if let Some(flipped) = path.get(at % path.len().max(1)) {
        let mut bytes = *flipped.as_bytes();
        bytes[at % 32] ^= 1 << (bit % 8);
        let mut other = path.to_vec();
        other[at % path.len()] = Hash::new(bytes);
        all.push(other);
        let mut fewer = path.to_vec();
        fewer.remove(at % path.len());
        all.push(fewer);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn proofs_hold_and_nothing_in_them_can_change(size in 1u64..2_000, place in any::<u64>(), at in any::<usize>(), bit in any::<u8>()) {
        let (files, edge) = log(&[size]);
        let (place, root) = (place % size, edge.root());
        let proof = Inclusion::read(&files, place, size).unwrap();
        let hash = leaf(&sample::entry(place));
        prop_assert_eq!(proof.check(&hash, &root), Ok(()));
        for path in changed(&proof.path, at, bit) {
            let other = Inclusion { path, ..proof.clone() };
            prop_assert!(other.check(&hash, &root).is_err());
        }
        prop_assert!(proof.check(&leaf(b"another"), &root).is_err());
        prop_assert!(proof.check(&hash, &leaf(b"another")).is_err());
        for (index, size) in [(place ^ 1, size), (place.wrapping_sub(1), size), (place, size * 2), (place, size / 2)] {
            let moved = Inclusion { index, size, ..proof.clone() };
            // A smaller or larger tree can have the same way up: then it leads to the same root, and says the same.
            prop_assert!(moved.check(&hash, &root).is_err() || (moved.index == place && size != proof.size));
        }

        let proof = Consistency::read(&files, place, size).unwrap();
        let old = sample::root(0, place);
        prop_assert_eq!(proof.check(&old, &root), Ok(()));
        for path in changed(&proof.path, at, bit) {
            let other = Consistency { path, ..proof.clone() };
            prop_assert!(other.check(&old, &root).is_err());
        }
        if place > 0 {
            prop_assert!(proof.check(&leaf(b"another"), &root).is_err());
            prop_assert!(proof.check(&old, &leaf(b"another")).is_err());
        }
    }

    #[test]
    fn no_proof_makes_it_panic(a in any::<u64>(), b in any::<u64>(), small in any::<bool>(), hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let (a, b) = if small { (a % 300, b % 300) } else { (a, b) };
        let path: Vec<Hash> = hashes.into_iter().map(Hash::new).collect();
        let inclusion = Inclusion { index: a, size: b, path: path.clone() };
        prop_assert!(inclusion.check(&Hash::EMPTY, &Hash::EMPTY).is_err() || (b == 1 && path.is_empty()));
        let _ = Consistency { old: a, new: b, path }.check(&Hash::EMPTY, &Hash::EMPTY);
        let _ = Inclusion::tiles(a, b);
        let _ = Consistency::tiles(a, b);
        prop_assert!(Inclusion::read(&Files::new(), a, b).is_err() || b == 1);
        let _ = Consistency::read(&Files::new(), a, b);
    }
}

mod file;

/// A tree may have [`LARGEST_SIZE`] leaves, and nothing is proven of a larger one.
#[test]
fn the_largest_tree_is_the_last_that_anything_is_proven_of() {
    let (largest, larger) = (LARGEST_SIZE, LARGEST_SIZE + 1);
    assert!(beside_leaf(0, largest).is_ok_and(|ranges| ranges.len() == 62));
    assert_eq!(beside_leaf(0, larger), Err(ProofError::NoSuchPlace));
    assert_eq!(between(largest, largest), Ok(Vec::new()));
    assert_eq!(between(larger, larger), Err(ProofError::NoSuchPlace));
    assert_eq!(between(larger, largest), Err(ProofError::Backwards));
    let claimed = |size| Inclusion { index: 0, size, path: Vec::new() }.root(&leaf(b"it"));
    assert_eq!(claimed(largest), Err(ProofError::WrongLength));
    assert_eq!(claimed(larger), Err(ProofError::NoSuchPlace));
}
