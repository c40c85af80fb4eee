//! Who is on call: schedules of the catalog, which stand wherever a group of approvers can.

use super::Catalog;
use super::file::Reader;
use super::form::{Key, ScheduleFile, ShiftFile, line};
use crate::amount::{display_duration, parse_duration};
use crate::names::{GroupName, PersonId};
use crate::time::Time;
use serde_saphyr::Spanned;

/// Most shifts of one week.
const MOST_SHIFTS: usize = 200;

/// Most persons of one shift, and of one rotation.
const MOST_PERSONS: usize = 100;

/// Shortest and longest turn of a rotation, in seconds: an hour, and a quarter of a year.
const TURNS: std::ops::RangeInclusive<u64> = 3_600..=7_776_000;

/// A week, in minutes.
const WEEK: u32 = 10_080;

/// A day, in minutes.
const DAY: u32 = 1_440;

/// The days of a week, from Monday.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Who is on call, and when. All times are UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// One person at a time, in turns.
    Rotation {
        /// When the first turn begins; nobody is on call before.
        from: Time,
        /// How long a turn is, in seconds.
        every: u64,
        /// Whose turns they are, in order, over and over.
        persons: Vec<PersonId>,
    },
    /// The same every week.
    Weekly {
        /// Who, from when to when. They may overlap.
        shifts: Vec<Shift>,
    },
}

/// A shift of every week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// When it begins, in minutes since Monday, 00:00.
    from: u32,
    /// When it is over; not after `from`: in the week after.
    to: u32,
    /// Who.
    persons: Vec<PersonId>,
}

impl Shift {
    fn holds(&self, minute: u32) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl Schedule {
    /// Whether `person` is on call at `now`.
    pub fn has(&self, person: &PersonId, now: Time) -> bool {
        match self {
            Self::Rotation { from, every, persons } => {
                let turns = u64::try_from(persons.len()).unwrap_or(0);
                let turn = from.seconds_until(now).checked_div(*every).and_then(|turn| turn.checked_rem(turns));
                let current = turn.and_then(|turn| persons.get(usize::try_from(turn).ok()?));
                *from <= now && current == Some(person)
            }
            Self::Weekly { shifts } => {
                let minute = minute_of_week(now);
                shifts.iter().any(|shift| shift.holds(minute) && shift.persons.contains(person))
            }
        }
    }

    /// Everybody who is on call at some time.
    pub fn persons(&self) -> impl Iterator<Item = &PersonId> {
        let (rotation, shifts): (&[PersonId], &[Shift]) = match self {
            Self::Rotation { persons, .. } => (persons, &[]),
            Self::Weekly { shifts } => (&[], shifts),
        };
        rotation.iter().chain(shifts.iter().flat_map(|shift| &shift.persons))
    }

    /// When nobody is on call, every week: `tue 18:00 to wed 08:00`.
    pub fn gaps(&self) -> Vec<String> {
        let Self::Weekly { shifts } = self else { return Vec::new() };
        let held = |minute: u32| shifts.iter().any(|shift| shift.holds(minute));
        // A gap begins where a shift ends, and lasts until the next begins.
        let mut ends: Vec<u32> =
            shifts.iter().map(|shift| shift.to.rem_euclid(WEEK)).filter(|end| !held(*end)).collect();
        ends.sort_unstable();
        ends.dedup();
        let until = |end: u32| {
            let away = |shift: &Shift| shift.from.saturating_add(WEEK).saturating_sub(end).rem_euclid(WEEK);
            shifts.iter().min_by_key(|shift| away(shift)).map_or(end, |shift| shift.from)
        };
        ends.into_iter().map(|end| format!("{} to {}", said(end), said(until(end)))).collect()
    }
}

fn minute_of_week(now: Time) -> u32 {
    let of_day = now.as_second().rem_euclid(86_400).div_euclid(60);
    let days = u32::from(now.weekday().saturating_sub(1));
    days.saturating_mul(DAY).saturating_add(u32::try_from(of_day).unwrap_or(0))
}

/// `tue 18:00`.
fn said(minute: u32) -> String {
    let day = usize::try_from(minute.div_euclid(DAY)).ok().and_then(|day| DAYS.get(day)).unwrap_or(&"sun");
    let of_day = minute.rem_euclid(DAY);
    format!("{day} {:02}:{:02}", of_day.div_euclid(60), of_day.rem_euclid(60))
}

/// `tue 18:00`; also `24:00`.
fn moment(text: &str) -> Option<u32> {
    let (day, clock) = text.split_once(' ')?;
    let day = DAYS.iter().position(|known| *known == day)?;
    let (hours, minutes) = clock.split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u8>().ok()).flatten().map(u32::from);
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let of_day = hours.saturating_mul(60).saturating_add(minutes);
    let day = u32::try_from(day).ok()?;
    (minutes < 60 && of_day <= DAY).then(|| day.saturating_mul(DAY).saturating_add(of_day).rem_euclid(WEEK))
}

impl Reader<'_> {
    pub(super) fn schedule(&mut self, catalog: &mut Catalog, name: &Key, file: &ScheduleFile) {
        let at = line(&name.0);
        let Some(name) = self.spanned::<GroupName>(&name.0) else { return };
        if catalog.groups.contains(&name) {
            self.problem(at, format!("`{name}` is a group already; a schedule has a name of its own"));
            return;
        }
        let schedule = match (&file.rotation, &file.weekly) {
            (Some(rotation), None) => {
                let persons = self.on_call(catalog, at, &rotation.persons);
                let from: Option<Time> = rotation.from.value.parse().ok();
                if from.is_none() {
                    let given = crate::text::inert(&rotation.from.value, 80);
                    self.problem(
                        line(&rotation.from),
                        format!("`{given}` is not a time: write it in UTC, as 2026-11-02T08:00:00Z"),
                    );
                }
                let every = self.turn(&rotation.every);
                from.zip(every).zip(persons).map(|((from, every), persons)| Schedule::Rotation { from, every, persons })
            }
            (None, Some(shifts)) if (1..=MOST_SHIFTS).contains(&shifts.len()) => {
                let read: Vec<Option<Shift>> = shifts.iter().map(|shift| self.shift(catalog, shift)).collect();
                read.into_iter().collect::<Option<Vec<Shift>>>().map(|shifts| Schedule::Weekly { shifts })
            }
            (None, Some(_)) => {
                self.problem(at, format!("weekly takes 1 to {MOST_SHIFTS} shifts"));
                None
            }
            (Some(_), Some(_)) | (None, None) => {
                self.problem(at, "a schedule takes either `rotation` or `weekly`");
                None
            }
        };
        catalog.groups.insert(name.clone());
        if let Some(schedule) = schedule {
            catalog.schedules.insert(name, schedule);
        }
    }

    fn turn(&mut self, text: &Spanned<String>) -> Option<u64> {
        match parse_duration(&text.value) {
            Ok(seconds) if TURNS.contains(&seconds) => Some(seconds),
            Ok(_) => {
                let (least, most) = (display_duration(*TURNS.start()), display_duration(*TURNS.end()));
                self.problem(line(text), format!("`{}` must be from {least} to {most}", text.value));
                None
            }
            Err(error) => {
                self.problem(line(text), error.to_string());
                None
            }
        }
    }

    fn shift(&mut self, catalog: &Catalog, file: &ShiftFile) -> Option<Shift> {
        let mut read = |text: &Spanned<String>| {
            let found = moment(&text.value);
            if found.is_none() {
                let given = crate::text::inert(&text.value, 80);
                self.problem(
                    line(text),
                    format!("`{given}` is not a time of the week: write day and UTC time, as `mon 08:00`"),
                );
            }
            found
        };
        let (from, to) = (read(&file.from), read(&file.to));
        let persons = self.on_call(catalog, line(&file.from), &file.persons);
        let (from, to, persons) = (from?, to?, persons?);
        if from == to {
            self.problem(line(&file.to), "the shift ends when it begins; who is there all week is a group");
            return None;
        }
        Some(Shift { from, to, persons })
    }

    fn on_call(&mut self, catalog: &Catalog, at: usize, given: &[Spanned<String>]) -> Option<Vec<PersonId>> {
        if given.is_empty() || given.len() > MOST_PERSONS {
            self.problem(at, format!("persons takes 1 to {MOST_PERSONS} entries"));
            return None;
        }
        let mut persons = Vec::new();
        for text in given {
            let id: PersonId = self.spanned(text)?;
            if !catalog.persons.contains_key(&id) {
                self.problem(line(text), format!("`{id}` is not a person of this catalog"));
            }
            persons.push(id);
        }
        Some(persons)
    }
}
