//! Where the few bytes that matter are among 64, one bit each: what makes it possible to look at 64 bytes at once.

use wide::u8x16;

/// Bytes that are looked at together.
pub(super) const WIDTH: usize = 64;

/// One bit for each of 64 bytes, the first byte's the lowest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// `"`.
    pub(super) quote: u64,
    /// `\`.
    pub(super) backslash: u64,
    /// `{`, `}`, `[`, `]`; and `Y`, `y`, `_` and delete, which are nowhere outside of a text.
    pub(super) bracket: u64,
    /// Whether any is not ASCII.
    pub(super) beyond_ascii: bool,
}

/// The masks of 64 bytes.
#[inline]
pub(super) fn masks(bytes: &[u8; WIDTH]) -> Masks {
    let mut masks = Masks::default();
    let mut seen = u8x16::splat(0);
    let mut escapes = u8x16::splat(0);
    let (lanes, _) = bytes.as_chunks::<16>();
    for (lane, shift) in lanes.iter().zip(SHIFTS) {
        let lane = u8x16::new(*lane);
        let bits = |of: u8x16| u64::from(of.to_bitmask()).wrapping_shl(shift);
        let is = |byte: u8| lane.simd_eq(u8x16::splat(byte));
        // These three bits are all that the brackets differ in, and some letters differ in no more: which makes them cheaper to
        // find than brackets alone, and is how it shows that within and without were mixed up.
        let brackets = (lane | u8x16::splat(0x26)).simd_eq(u8x16::splat(0x7f));
        masks.quote |= bits(is(b'"'));
        masks.bracket |= bits(brackets);
        escapes |= is(b'\\');
        seen |= lane;
    }
    masks.beyond_ascii = seen.to_bitmask() != 0;
    // Most blocks have none.
    if escapes.to_bitmask() != 0 {
        for (lane, shift) in lanes.iter().zip(SHIFTS) {
            let found = u8x16::new(*lane).simd_eq(u8x16::splat(b'\\'));
            masks.backslash |= u64::from(found.to_bitmask()).wrapping_shl(shift);
        }
    }
    masks
}

/// Where the bits of each lane go.
const SHIFTS: [u32; 4] = [0, 16, 32, 48];

#[cfg(test)]
mod tests {
    use super::{WIDTH, masks};
    use proptest::prelude::*;

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let one = prop_oneof![any::<u8>(), prop::sample::select(b"\"\\{}[]:, \t\n\x1f!z\x80\xff".to_vec())];
        prop::collection::vec(one, WIDTH)
    }

    proptest! {
        #[test]
        fn each_byte_has_its_bit(bytes in bytes()) {
            let found = masks(bytes.as_array().unwrap());
            for (index, byte) in bytes.iter().enumerate() {
                let bit = |mask: u64| mask >> index & 1 == 1;
                prop_assert_eq!(bit(found.quote), *byte == b'"');
                prop_assert_eq!(bit(found.backslash), *byte == b'\\');
                prop_assert_eq!(bit(found.bracket), b"{}[]Yy_\x7f".contains(byte));
            }
            prop_assert_eq!(found.beyond_ascii, !bytes.is_ascii());
        }
    }
}
