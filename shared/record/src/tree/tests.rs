use super::*;
use crate::sample;

/// Leaves and roots that implementations of RFC 6962 are held to. Source: Certificate Transparency, `merkle_tree_test`.
const KNOWN: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
];

#[test]
fn known_leaves_give_known_roots() {
    let mut edge = Edge::EMPTY;
    assert_eq!(format!("{:?}", edge.root()), format!("Hash({})", edge.root()));
    assert_eq!(edge.root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (entry, root) in KNOWN {
        edge.append(leaf(&hex::decode(entry).unwrap())).unwrap();
        assert_eq!(edge.root().to_string(), root, "{} leaves", edge.size());
    }
}

#[test]
fn the_edge_gives_the_root_that_the_definition_gives() {
    let mut edge = Edge::EMPTY;
    for size in 0..=300 {
        assert_eq!(edge.root(), sample::root(0, size), "{size} leaves");
        assert_eq!(Edge::new(size, edge.peaks().to_vec()), Some(edge.clone()));
        assert_eq!(Edge::new(size + 1, edge.peaks().to_vec()).is_some(), size.count_ones() == (size + 1).count_ones());
        edge.append(leaf(&sample::entry(size))).unwrap();
    }
}

#[test]
fn another_implementation_gives_the_same_roots() {
    let mut theirs = ct_merkle::mem_backed_tree::MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut ours = Edge::EMPTY;
    for index in 0..600 {
        theirs.push(sample::entry(index));
        ours.append(leaf(&sample::entry(index))).unwrap();
        assert_eq!(theirs.root().as_bytes().as_slice(), ours.root().as_bytes(), "{} leaves", index + 1);
    }
}

#[test]
fn a_full_tree_takes_no_more() {
    let mut full = Edge::new(LARGEST_SIZE, vec![Hash::EMPTY]).unwrap();
    assert_eq!(full.append(Hash::EMPTY), Err(Full));
    assert_eq!(full.size(), LARGEST_SIZE);
    assert_eq!(Edge::new(LARGEST_SIZE + 1, vec![Hash::EMPTY; 2]), None);
}

#[test]
fn a_hash_has_one_spelling() {
    let hash = leaf(b"x");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert_eq!(Hash::from_base64(&hash.to_base64()), Ok(hash));
    assert_eq!(serde_json::from_str::<Hash>(&serde_json::to_string(&hash).unwrap()).unwrap(), hash);
    assert_eq!(hash.to_string().to_uppercase().parse::<Hash>(), Err(NotAHash));
    let shown = hash.to_string();
    for text in ["", "00", &shown.replacen(|_| true, "", 1), &format!("{hash}0")] {
        assert_eq!(text.parse::<Hash>(), Err(NotAHash), "{text}");
    }
    let spelled = hash.to_base64();
    // Without its padding; with bits that mean nothing; with white space; too short; too long.
    let loose = spelled.replace("g=", "h=");
    for text in [spelled.trim_end_matches('='), &loose, &format!(" {spelled}"), "AAAA", &"A".repeat(44)] {
        assert!(Hash::from_base64(text).is_err() || text == spelled, "{text}");
    }
    assert!(serde_json::from_str::<Hash>("\"00\"").is_err());
}
