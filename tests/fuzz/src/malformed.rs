//! What comes of inputs that are wrong on purpose: the stable code that each is refused with.

use crate::made::MADE;
use crate::targets::{first_line, text};
use model::amount::parse_duration;
use model::catalog::Catalog;
use model::names::PrincipalArn;
use record::checkpoint::open;
use record::proof::TlogProof;
use record::witness::{Submission, judge};
use trail::call::Call;
use trail::digest::{Broken, Digest, Object};

/// The code that an input of a kind is refused with; `taken` if it is not. `None`: there is no such kind.
///
/// Through the functions' own doors, a code has its HTTP status before it.
pub fn refusal(kind: &str, data: &[u8]) -> Option<String> {
    let named = |code: &str| Some(code.to_owned());
    let refused = |refused: bool| named(if refused { "refused" } else { "taken" });
    match kind {
        "arn" => refused(text(data).is_none_or(|text| text.trim_end().parse::<PrincipalArn>().is_err())),
        "duration" => refused(text(data).is_none_or(|text| parse_duration(text.trim_end_matches('\n')).is_err())),
        "catalog" => refused(text(data).is_none_or(|text| Catalog::read("catalog.yaml", text).is_err())),
        "cloudtrail-record" => named(Call::parse(data).err().map_or("taken", |broken| broken.code())),
        "cloudtrail-digest" => {
            let (key, inside) = first_line(data)?;
            let object = Object { bucket: "trail".to_owned(), key: key.to_owned() };
            named(Digest::parse(inside, &object).err().map_or("taken", Broken::code))
        }
        "checkpoint" => named(open(data, &MADE.keys).err().map_or("taken", |error| error.code())),
        "proof" => {
            let checked = TlogProof::parse(data).and_then(|proof| proof.check(&MADE.keys));
            named(checked.err().map_or("taken", |error| error.code()))
        }
        "submission-to-witness" => {
            let judged = Submission::parse(data).and_then(|submission| judge(None, &submission, &MADE.keys));
            Some(judged.err().map_or("taken".to_owned(), |refusal| refusal.status().to_string()))
        }
        #[cfg(feature = "doors")]
        _ => crate::doors::refusal(kind, data),
        #[cfg(not(feature = "doors"))]
        _ => None,
    }
}
