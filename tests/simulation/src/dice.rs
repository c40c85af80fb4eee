//! Chance that is the same for a seed.

/// Numbers that look random (splitmix64). Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Those of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Others, which follow from these: what one part draws changes nothing for another.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.next()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..count`; 0 if there is none.
    pub fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let drawn = (self.next() >> 11).checked_rem(count).unwrap_or_default();
        usize::try_from(drawn).unwrap_or_default()
    }

    /// One of `0..count`, as seconds.
    pub fn seconds(&mut self, count: usize) -> u64 {
        u64::try_from(self.below(count)).unwrap_or_default()
    }

    /// True in so many of a thousand cases.
    pub fn permille(&mut self, permille: usize) -> bool {
        self.below(1_000) < permille
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them; `None`: there is none.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}
