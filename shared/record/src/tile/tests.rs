#![expect(clippy::arithmetic_side_effects, reason = "a sum that overflows fails the test")]

use super::*;
use crate::sample::{self, Files, entries, log};
use crate::tree::Edge;
use proptest::prelude::*;

fn tile(holds: Holds, index: u64, width: u16) -> Tile {
    Tile::new(holds, index, width).unwrap()
}

#[test]
fn paths_are_those_of_the_specification() {
    let told = |tile: Tile| tile.to_string();
    assert_eq!(told(tile(Holds::Hashes(0), 1_234_067, 256)), "tile/0/x001/x234/067");
    assert_eq!(told(tile(Holds::Hashes(1), 0, 1)), "tile/1/000.p/1");
    assert_eq!(told(tile(Holds::Entries, 273, 112)), "tile/entries/273.p/112");
    assert_eq!(told(tile(Holds::Entries, 1_000, 256)), "tile/entries/x001/000");
    let read = Tile::parse("tile/2/x001/234.p/7").unwrap();
    assert_eq!((read.holds(), read.index(), read.width(), read.is_full()), (Holds::Hashes(2), 1_234, 7, false));
}

#[test]
fn the_specifications_example_of_seventy_thousand() {
    let written = |old, new| written(old, new).collect::<Vec<Tile>>();
    let tiles = written(0, 70_000);
    let of = |holds: Holds| tiles.iter().filter(|tile| tile.holds() == holds).collect::<Vec<_>>();
    let full = |holds| of(holds).iter().filter(|tile| tile.is_full()).count();
    let partial = |holds| of(holds).last().filter(|tile| !tile.is_full()).map(|tile| tile.width());
    let levels = [Holds::Entries, Holds::Hashes(0), Holds::Hashes(1), Holds::Hashes(2), Holds::Hashes(3)];
    assert_eq!(levels.map(full), [273, 273, 1, 0, 0]);
    assert_eq!(levels.map(partial), [Some(112), Some(112), Some(17), Some(1), None]);
    assert_eq!(
        written(0, 256),
        [tile(Holds::Entries, 0, 256), tile(Holds::Hashes(0), 0, 256), tile(Holds::Hashes(1), 0, 1)]
    );
    assert_eq!(written(256, 256), []);
    assert_eq!(written(300, 200), []);
    let right =
        [(Holds::Entries, 273, 112), (Holds::Hashes(0), 273, 112), (Holds::Hashes(1), 1, 17), (Holds::Hashes(2), 0, 1)];
    assert_eq!(edge(70_000), right.map(|(holds, index, width)| tile(holds, index, width)));
    assert_eq!((edge(0), edge(256)), (Vec::new(), vec![tile(Holds::Hashes(1), 0, 1)]));
    // Nothing is made before it is asked for.
    assert_eq!(super::written(0, u64::MAX).next(), Some(tile(Holds::Entries, 0, 256)));
}

#[test]
fn a_path_is_read_in_its_one_spelling() {
    for path in ["tile/0/000", "tile/entries/x001/234.p/255", "tile/3/x001/x234/067.p/1"] {
        assert_eq!(Tile::parse(path).unwrap().to_string(), path);
    }
    let wrong = [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/+0/000",
        "tile/8/000",
        "tile/-1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/entries/000/",
        "tile/0/xx01/000",
        "tile/data/000",
        "/tile/0/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/000.p/1.p/1",
        "tile/7/001",
        "tile/0/0é0",
    ];
    for path in wrong {
        assert_eq!(Tile::parse(path), None, "{path}");
    }
}

#[test]
fn what_a_growth_writes_is_what_another_implementation_lists() {
    for (old, new) in [(0, 1), (0, 255), (0, 256), (1, 256), (255, 257), (256, 512), (300, 70_000), (65_535, 65_537)] {
        let mut theirs: Vec<String> = tlog_tiles::Tile::new_tiles(8, old, new)
            .iter()
            .map(|tile| tile.path().replacen("tile/8/", "tile/", 1))
            .collect();
        let hashes = |tile: &Tile| tile.holds() != Holds::Entries;
        let mut ours: Vec<String> = written(old, new).filter(hashes).map(|tile| tile.to_string()).collect();
        // They list a tile for each width; ours has no place for those that no checkpoint needs.
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{old} to {new}");
    }
}

#[test]
fn bundles_and_tiles_are_read_as_written_and_no_otherwise() {
    let mut bundle = Vec::new();
    let three = entries(0, 3);
    for entry in &three {
        encode_entry(entry, &mut bundle).unwrap();
    }
    assert_eq!(decode_entries(&bundle, 3).unwrap(), three);
    assert_eq!(decode_entries(&bundle, 2), Err(NotATile));
    assert_eq!(decode_entries(&bundle, 4), Err(NotATile));
    for cut in 0..bundle.len() {
        assert_eq!(decode_entries(&bundle[..cut], 3), Err(NotATile), "cut at {cut}");
    }
    let longest = vec![0; LONGEST_ENTRY + 1];
    assert_eq!(encode_entry(&longest[1..], &mut Vec::new()), Ok(()));
    assert_eq!(encode_entry(&longest, &mut bundle.clone()), Err(EntryTooLong { length: LONGEST_ENTRY + 1 }));
    assert_eq!(decode_hashes(&[0; 64], 2).unwrap().len(), 2);
    assert_eq!(decode_hashes(&[0; 64], 1), Err(NotATile));
    assert_eq!(decode_hashes(&[0; 63], 2), Err(NotATile));
}

#[test]
fn entries_are_found_by_their_place() {
    let (files, edge) = log(&[700]);
    for index in [0, 1, 255, 256, 511, 512, 699] {
        assert_eq!(entry(&files, index, edge.size()).unwrap(), sample::entry(index));
    }
    assert_eq!(entry(&files, 700, 700), Err(ReadError::NoSuchPlace { size: 700 }));
    assert_eq!(entry(&files, 700, 750), Err(ReadError::Missing { path: "tile/entries/002.p/238".to_owned() }));
}

#[test]
fn a_full_tile_serves_where_the_partial_one_was_cleaned_away() {
    let (mut files, edge) = log(&[300, 600]);
    let of_300 = sample::root(0, 300);
    files.retain(|path, _| !path.contains("001.p/"));
    let grown = grow(&files, 300, &of_300, &entries(300, 600)).unwrap();
    assert_eq!(grown.edge, edge);
}

#[test]
fn an_edge_that_was_changed_is_not_grown_on() {
    let (files, edge) = sample::large();
    let (size, root) = (edge.size(), edge.root());
    for tile in super::edge(size) {
        let path = tile.to_string();
        let with = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut files = files.clone();
            change(files.get_mut(&path).unwrap());
            grow(&files, size, &root, &entries(size, size + 1)).unwrap_err()
        };
        let changed = with(&|bytes| *bytes.last_mut().unwrap() ^= 1);
        let expected = if tile.holds() == Holds::Entries { GrowError::OtherEntries } else { GrowError::OtherRoot };
        assert_eq!(changed, expected, "{path}");
        let cut = with(&|bytes| bytes.truncate(bytes.len() - 1));
        assert_eq!(cut, GrowError::Read(ReadError::Malformed { path: path.clone() }));
        let mut without = files.clone();
        without.remove(&path);
        let missing = grow(&without, size, &root, &entries(size, size + 1)).unwrap_err();
        assert_eq!(missing, GrowError::Read(ReadError::Missing { path }));
    }
    let other = grow(files, size, &sample::root(0, 3), &entries(size, size + 1)).unwrap_err();
    assert_eq!(other, GrowError::OtherRoot);
}

#[test]
fn an_entry_that_is_too_long_is_refused() {
    let long = grow(&Files::new(), 0, &Hash::EMPTY, &[vec![0; LONGEST_ENTRY + 1]]).unwrap_err();
    assert_eq!(long, GrowError::EntryTooLong(EntryTooLong { length: LONGEST_ENTRY + 1 }));
}

/// All that a log of this size has to have, from its entries alone.
fn expected(size: u64) -> Files {
    log(&[size]).0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn step_by_step_gives_the_same_tree_as_at_once(steps in prop::collection::vec(1u64..400, 1..8)) {
        let mut sizes = vec![0];
        for step in steps {
            sizes.push(sizes.last().unwrap() + step);
        }
        let size = *sizes.last().unwrap();
        let (files, edge) = log(&sizes);
        let mut at_once = Edge::EMPTY;
        for entry in entries(0, size) {
            at_once.append(crate::tree::leaf(&entry)).unwrap();
        }
        prop_assert_eq!(&edge, &at_once);
        // What it has at its last size is what a log has that was written at once, ...
        for (path, bytes) in expected(size) {
            prop_assert_eq!(files.get(&path), Some(&bytes), "{}", path);
        }
        // ... each step wrote what it was said to write, and nothing else was.
        let mut listed: Vec<String> = sizes.windows(2).flat_map(|pair| written(pair[0], pair[1])).map(|tile| tile.to_string()).collect();
        listed.sort();
        prop_assert_eq!(files.into_keys().collect::<Vec<_>>(), listed);
    }

    #[test]
    fn a_step_twice_writes_the_same(old in 0u64..600, more in 0u64..300) {
        let (files, edge) = log(&[old, old + more]);
        let again = grow(&files, old, &sample::root(0, old), &entries(old, old + more)).unwrap();
        prop_assert_eq!(again.edge, edge);
        for file in again.files {
            prop_assert_eq!(files.get(&file.tile.to_string()), Some(&file.bytes));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), width in 0u16..400, text in "\\PC{0,40}") {
        let _ = decode_entries(&bytes, width);
        let _ = decode_hashes(&bytes, width);
        let _ = Tile::parse(&text);
        let _ = Tile::parse(&format!("tile/{text}"));
    }

    #[test]
    fn no_size_makes_it_panic(size in any::<u64>(), index in any::<u64>(), level in any::<u8>()) {
        let _ = edge(size);
        let _ = Tile::at(Holds::Hashes(level), index, size);
        let _ = entry(&Files::new(), index, size);
        prop_assert!(grow(&Files::new(), size.max(1), &Hash::EMPTY, &entries(0, 1)).is_err());
    }
}
