//! Times of the record, read by a reading of our own: `2026-11-20T19:00:00Z` and no other spelling.

/// Seconds since 1970 of a text in RFC 3339 with whole seconds and `Z`. `None`: it is not one.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let shape = b"dddd-dd-ddTdd:dd:ddZ";
    let fits = |(byte, wanted): (&u8, &u8)| if *wanted == b'd' { byte.is_ascii_digit() } else { byte == wanted };
    if !bytes.iter().zip(shape).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    let february = if leap { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month).ok()?.checked_sub(1)?;
    if year < 1970 || day < 1 || day > *months.get(before)? || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Leap years before this one, from year 1 on, less those before 1970.
    let past = year.checked_sub(1)?;
    let leaps = past.div_euclid(4).checked_sub(past.div_euclid(100))?.checked_add(past.div_euclid(400))?;
    let years = year.checked_sub(1970)?.checked_mul(365)?.checked_add(leaps.checked_sub(477)?)?;
    let days = years.checked_add(months.iter().take(before).sum::<i64>())?.checked_add(day.checked_sub(1)?)?;
    let in_day = hour.checked_mul(3_600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    days.checked_mul(86_400)?.checked_add(in_day)
}

/// A time as text again, for sentences.
pub(crate) fn text(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // From years of whole 400-year turns on, beginning with March: the leap day is the last of its year.
    let shifted = days.saturating_add(719_468);
    let (turn, of_turn) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let less = of_turn
        .saturating_sub(of_turn.div_euclid(1_460))
        .saturating_add(of_turn.div_euclid(36_524))
        .saturating_sub(of_turn.div_euclid(146_096));
    let of_years = less.div_euclid(365);
    let gone =
        of_years.saturating_mul(365).saturating_add(of_years.div_euclid(4)).saturating_sub(of_years.div_euclid(100));
    let of_year = of_turn.saturating_sub(gone);
    let march = of_year.saturating_mul(5).saturating_add(2).div_euclid(153);
    let day = of_year.saturating_sub(march.saturating_mul(153).saturating_add(2).div_euclid(5)).saturating_add(1);
    let month = if march < 10 { march.saturating_add(3) } else { march.saturating_sub(9) };
    let year = of_years.saturating_add(turn.saturating_mul(400)).saturating_add(i64::from(month <= 2));
    let (hour, minute, second) = (rest.div_euclid(3_600), rest.div_euclid(60).rem_euclid(60), rest.rem_euclid(60));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        for (written, wanted) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1972-03-01T00:00:00Z", 68_256_000),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-20T19:00:00Z", 1_795_201_200),
            ("9999-12-31T00:00:00Z", 253_402_214_400),
        ] {
            assert_eq!(seconds(written), Some(wanted), "{written}");
            assert_eq!(text(wanted), written);
        }
        for bad in [
            "",
            "2026-11-20",
            "2026-11-20T19:00:00+00:00",
            "2026-11-20t19:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-11-20T19:00:00.0Z",
            "٢٠٢٦-11-20T19",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn as_the_writer_writes_them(at in 0i64..253_402_214_400) {
            let written = model::time::Time::from_second(at).unwrap().to_string();
            prop_assert_eq!(seconds(&written), Some(at));
            prop_assert_eq!(text(at), written);
        }
    }
}
