//! Where digests are delivered: the key says whose they are.

use crate::digest::Object;

/// What the key of a digest says:
/// `[<prefix>/]AWSLogs/[<organization>/]<account>/CloudTrail-Digest/<region>/<year>/<month>/<day>/<file>`, the file being
/// `<account>_CloudTrail-Digest_<region>_<trail>_<the trail's home region>_<end>[_backfill].json.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Bucket and key.
    pub object: Object,
    /// The account whose calls are meant.
    pub account: String,
    /// The region in which they were recorded, and whose key signs.
    pub region: String,
    /// The trail. A chain is of one trail in one region of one account.
    pub trail: String,
    /// Whether it lists files that the digest of their hour had missed. Such digests are a chain of their own.
    pub backfill: bool,
}

impl Place {
    /// Reads the key. `None`: no digest is delivered under it.
    pub fn of(object: &Object) -> Option<Self> {
        // From the end: a prefix may be anything.
        let mut parts = object.key.rsplit('/');
        let file = parts.next()?;
        let mut day = [parts.next()?, parts.next()?, parts.next()?].into_iter();
        let region = parts.next()?;
        let folder = parts.next()?;
        let account = parts.next()?;
        let logs = [parts.next(), parts.next()].into_iter().flatten().any(|part| part == "AWSLogs");
        if folder != "CloudTrail-Digest" || !logs || !is_account(account) || !day.all(is_number) {
            return None;
        }
        let rest = file.strip_prefix(account)?.strip_prefix("_CloudTrail-Digest_")?;
        let rest = rest.strip_prefix(region)?.strip_prefix('_')?.strip_suffix(".json.gz")?;
        let (rest, backfill) = match rest.strip_suffix("_backfill") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, _end) = rest.rsplit_once('_')?;
        // A trail's name may hold `_`, a region's not.
        let (trail, _home) = rest.rsplit_once('_')?;
        Some(Self {
            object: object.clone(),
            account: account.to_owned(),
            region: region.to_owned(),
            trail: trail.to_owned(),
            backfill,
        })
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && is_number(text)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
