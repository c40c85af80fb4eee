//! Inputs made of others, by chance that a seed fixes: the same everywhere, so that what a test finds it finds again.

/// Chance that comes out the same for the same seed: `SplitMix64`.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Chance from a seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The same for a text.
    pub fn named(name: &str) -> Self {
        // FNV-1a.
        Self(
            name.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)),
        )
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let drawn = usize::try_from(self.draw() >> 1).unwrap_or(0);
        drawn.checked_rem(end).unwrap_or(0)
    }

    /// One of several.
    pub fn of<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        several.get(self.below(several.len()))
    }
}

/// Longest input that is made, in bytes: what the API takes as a body.
pub const LONGEST: usize = 256 * 1024;

/// `input`, changed in one to four ways: bits flipped, bytes set, taken out, doubled or put elsewhere, joined with one of
/// the `others`, or one of the `words` put in.
pub fn mutated(input: &[u8], others: &[Vec<u8>], words: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(4) {
        let (from, to) = span(bytes.len(), chance);
        match chance.below(9) {
            0 => {
                let bit = chance.below(8);
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1_u8.rotate_left(u32::try_from(bit).unwrap_or(0));
                }
            }
            1 => {
                let any = u8::try_from(chance.below(256)).unwrap_or(0);
                if let Some(byte) = bytes.get_mut(from) {
                    *byte = any;
                }
            }
            2 => bytes.truncate(from),
            3 => drop(bytes.drain(from..to)),
            4 => {
                let doubled: Vec<u8> = bytes.get(from..to).unwrap_or_default().to_vec();
                for _ in 0..=chance.below(3) {
                    drop(bytes.splice(to..to, doubled.iter().copied()));
                }
            }
            5 => {
                let moved: Vec<u8> = bytes.drain(from..to).collect();
                let at = chance.below(bytes.len().saturating_add(1));
                drop(bytes.splice(at..at, moved));
            }
            6 => {
                let Some(other) = chance.of(others) else { continue };
                let (begin, end) = span(other.len(), chance);
                let part = other.get(begin..end).unwrap_or_default().to_vec();
                drop(bytes.splice(from..to, part));
            }
            7 => {
                let Some(word) = chance.of(words) else { continue };
                drop(bytes.splice(from..from, word.iter().copied()));
            }
            _ => {
                let Some(word) = chance.of(words) else { continue };
                let end = from.saturating_add(word.len()).min(bytes.len());
                drop(bytes.splice(from..end, word.iter().copied()));
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

/// A piece of what has so many bytes; mostly a short one.
fn span(length: usize, chance: &mut Chance) -> (usize, usize) {
    let from = chance.below(length.saturating_add(1));
    let rest = length.saturating_sub(from);
    let longest = if chance.below(4) == 0 { rest } else { rest.min(16) };
    (from, from.saturating_add(chance.below(longest.saturating_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        let others = [b"another".to_vec()];
        let words = [b"word".to_vec()];
        let made = |seed| {
            let mut chance = Chance::seeded(seed);
            (0..200).map(|_| mutated(b"an input of some length", &others, &words, &mut chance)).collect::<Vec<_>>()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        let different: std::collections::BTreeSet<_> = made(1).into_iter().collect();
        assert!(different.len() > 150, "{}", different.len());
    }

    #[test]
    fn nothing_is_a_beginning_too() {
        let mut chance = Chance::named("nothing");
        assert!((0..200).any(|_| !mutated(b"", &[b"x".to_vec()], &[], &mut chance).is_empty()));
    }
}
