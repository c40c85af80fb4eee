//! What the key of an object in a trail's bucket says: whose calls it holds, of which Region, and when it was delivered.
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>.

use model::time::Time;

/// What an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Records of calls.
    Records,
    /// A digest of files.
    Digest,
    /// Something else of CloudTrail's: insights, aggregates.
    Other,
}

/// Where an object lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// What it holds.
    pub kind: Kind,
    /// The account whose calls it holds.
    pub account: String,
    /// The Region they were recorded in.
    pub region: String,
    /// When it was delivered, to the minute; of a digest the end of its time.
    pub delivered_at: Time,
}

impl Place {
    /// Reads the key:
    /// `[<prefix>/]AWSLogs/[<organization>/]<account>/<kind>/<region>/<year>/<month>/<day>/<account>_<kind>_<region>_…`.
    /// `None`: nothing of CloudTrail's is delivered under it.
    pub fn of(bucket: &str, key: &str) -> Option<Self> {
        // From the end: a prefix may be anything.
        let mut parts = key.rsplit('/');
        let file = parts.next()?;
        let day: Vec<&str> = (0..3).map(|_| parts.next()).collect::<Option<_>>()?;
        let (region, folder, account) = (parts.next()?, parts.next()?, parts.next()?);
        let logs = [parts.next(), parts.next()].into_iter().flatten().any(|part| part == "AWSLogs");
        let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let sound = region.len() <= 32 && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !logs || !sound || account.len() != 12 || !number(account) || !day.iter().all(|part| number(part)) {
            return None;
        }
        let kind = match folder {
            "CloudTrail" => Kind::Records,
            "CloudTrail-Digest" => Kind::Digest,
            other if other.starts_with("CloudTrail") => Kind::Other,
            _ => return None,
        };
        let rest = file.strip_prefix(account)?.strip_prefix('_')?.strip_prefix(folder)?.strip_prefix('_')?;
        let rest = rest.strip_prefix(region)?.strip_prefix('_')?;
        let stamp =
            rest.split(['_', '.']).find(|part| part.len() >= 14 && part.ends_with('Z') && part.contains('T'))?;
        Some(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            kind,
            account: account.to_owned(),
            region: region.to_owned(),
            delivered_at: time(stamp)?,
        })
    }
}

/// `20260710T1145Z`, with or without seconds.
fn time(stamp: &str) -> Option<Time> {
    let (date, clock) = stamp.strip_suffix('Z')?.split_once('T')?;
    let part = |text: &str, from: usize, to: usize| text.get(from..to).map(str::to_owned);
    let (year, month, day) = (part(date, 0, 4)?, part(date, 4, 6)?, date.get(6..)?);
    let (hour, minute) = (part(clock, 0, 2)?, part(clock, 2, 4)?);
    let second = clock.get(4..).filter(|second| !second.is_empty()).unwrap_or("00");
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: &str = "AWSLogs/111111111111/CloudTrail/eu-west-1/2026/11/20/111111111111_CloudTrail_eu-west-1_20261120T1905Z_AbCdEfGh12345678.json.gz";

    #[test]
    fn a_file_of_records() {
        let place = Place::of("trail", RECORDS).unwrap();
        assert_eq!((place.account.as_str(), place.region.as_str()), ("111111111111", "eu-west-1"));
        assert_eq!((place.kind, place.delivered_at.to_string().as_str()), (Kind::Records, "2026-11-20T19:05:00Z"));
        for before in ["logs/", "a/b/", "AWSLogs/"] {
            assert_eq!(Place::of("trail", &format!("{before}{RECORDS}")).unwrap().account, "111111111111");
        }
        let organisation = RECORDS.replacen("AWSLogs/", "AWSLogs/o-abc123/", 1);
        assert_eq!(Place::of("trail", &organisation).unwrap().kind, Kind::Records);
    }

    #[test]
    fn a_digest_and_an_insight() {
        let digest = "AWSLogs/111111111111/CloudTrail-Digest/us-east-1/2026/11/20/111111111111_CloudTrail-Digest_us-east-1_my_trail_us-east-1_20261120T190500Z.json.gz";
        let place = Place::of("trail", digest).unwrap();
        assert_eq!((place.kind, place.delivered_at.to_string().as_str()), (Kind::Digest, "2026-11-20T19:05:00Z"));
        let insight =
            RECORDS.replace("CloudTrail/", "CloudTrail-Insight/").replace("_CloudTrail_", "_CloudTrail-Insight_");
        assert_eq!(Place::of("trail", &insight).unwrap().kind, Kind::Other);
    }

    #[test]
    fn what_is_not_cloudtrails() {
        for key in [
            "",
            "notes.txt",
            "AWSLogs/111111111111/elasticloadbalancing/us-east-1/2026/11/20/x.log.gz",
            &RECORDS.replace("111111111111_", "222222222222_"),
            &RECORDS.replace("_eu-west-1_", "_us-east-1_"),
            &RECORDS.replace("AWSLogs/", ""),
            &RECORDS.replace("T1905Z", "T9905Z"),
        ] {
            assert_eq!(Place::of("trail", key), None, "{key}");
        }
    }
}
