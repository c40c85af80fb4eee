//! Chance from a seed.

/// A sequence that a seed fixes: `SplitMix64`. Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// That of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// That of the `nth` of many things that each draw for themselves, whoever comes first.
    pub fn of(seed: u64, nth: u64) -> Self {
        let mut dice = Self(seed ^ nth.wrapping_mul(0xa076_1d64_78bd_642f));
        // Neighbours begin with neighbouring states.
        dice.next();
        dice
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.next()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`; 0 if that is none.
    pub fn below(&mut self, count: u64) -> u64 {
        self.next().checked_rem(count).unwrap_or(0)
    }

    /// One of them, if there is any.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let nth = self.below(u64::try_from(of.len()).unwrap_or(u64::MAX));
        of.get(usize::try_from(nth).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_what_is_drawn() {
        let draw = |seed| {
            let mut dice = Dice::new(seed);
            [dice.below(1_000), dice.below(1_000), dice.below(1_000)]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let drawn: Vec<u64> = (0..4_000).map(|nth| Dice::of(7, nth).below(1_000)).collect();
        let rare = drawn.iter().filter(|drawn| **drawn < 50).count();
        assert!((100..300).contains(&rare), "{rare} of 4000 are below 50 of 1000");
    }
}
