use super::*;
use crate::digest::verdict::{self, Code, Verdict};
use crate::findings::Severity;
use proptest::prelude::*;
use std::fmt::Write;

fn time(text: &str) -> Time {
    format!("2026-11-20T{text}:00Z").parse().unwrap()
}

fn regions() -> Vec<String> {
    vec!["eu-west-1".to_owned(), "us-east-1".to_owned()]
}

fn proof(region: &str, from: &str, until: &str, findings: &[Code]) -> Proof {
    let doubtful = findings.iter().any(|code| !code.is_about_before());
    Proof {
        region: region.to_owned(),
        trail: "all".to_owned(),
        from: time(from),
        until: time(until),
        backfill: false,
        verdict: Verdict {
            state: if doubtful { verdict::State::Doubtful } else { verdict::State::Validated },
            findings: findings
                .iter()
                .map(|code| verdict::Finding {
                    code: *code,
                    subject: "logs/a".to_owned(),
                    sentence: "The trail's file logs/a was delivered and is gone.".to_owned(),
                })
                .collect(),
            more: 0,
            waiting: 0,
        },
    }
}

/// Digests from 09:01 to 13:01, which is more than the grant's time and its tail.
fn whole() -> Vec<Proof> {
    let hours = [("09:01", "10:01"), ("10:01", "11:01"), ("11:01", "12:01"), ("12:01", "13:01")];
    let of = |region| hours.iter().map(move |(from, until)| proof(region, from, until, &[]));
    of("eu-west-1").chain(of("us-east-1")).collect()
}

fn hour(region: &str, from: &str, quarantined: u64) -> Hour {
    let (from, read_at) = (time(from), time("12:30"));
    Hour { region: region.to_owned(), from, files: 12, records: 1_000, bytes: 900_000, quarantined, read_at }
}

const TRAIL: SourceFacts = SourceFacts { source: Source::Trail, set_up: true, calls: 3, asked_at: None };

/// A grant from 10:00 to 11:00 whose last session ended with it.
struct Case {
    regions: Vec<String>,
    seen_in: BTreeSet<String>,
    sources: Vec<SourceFacts>,
    selected: Option<Vec<String>>,
    data_seen: bool,
    read: Vec<Hour>,
    proofs: Vec<Proof>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            regions: regions(),
            seen_in: BTreeSet::new(),
            sources: vec![TRAIL],
            selected: Some(Vec::new()),
            data_seen: false,
            read: vec![hour("eu-west-1", "10:00", 0)],
            proofs: whole(),
        }
    }
}

impl Case {
    fn at(&self, now: &str) -> Coverage {
        self.at_time(time(now))
    }

    fn at_time(&self, now: Time) -> Coverage {
        let asked = Asked {
            starts_at: time("10:00"),
            ends_at: time("11:00"),
            provisional_after: super::PROVISIONAL_AFTER,
            last_session_ends_at: time("11:00"),
            regions: &self.regions,
            seen_in: &self.seen_in,
            sources: &self.sources,
            management: Management::All,
            data_selected: self.selected.as_deref(),
            data_seen: self.data_seen,
        };
        coverage(&asked, &self.read, &self.proofs, now)
    }

    fn without(mut self, region: &str, from: &str) -> Self {
        self.proofs.retain(|proof| proof.region != region || proof.from != time(from));
        self
    }

    fn with(mut self, proof: Proof) -> Self {
        let overlaps = |other: &Proof| other.region == proof.region && other.from == proof.from;
        self.proofs.retain(|other| !overlaps(other) || proof.backfill || proof.trail != other.trail);
        self.proofs.push(proof);
        self
    }
}

fn codes(coverage: &Coverage) -> Vec<(&str, &str)> {
    coverage.gaps.iter().map(|gap| (gap.code.as_str(), gap.region.as_str())).collect()
}

#[test]
fn it_is_final_once_digests_cover_the_end_and_an_hour() {
    let done = Case::default().at("13:30");
    assert_eq!((done.state, codes(&done)), (State::Final, vec![]));
    assert_eq!((done.from, done.until), (time("10:00"), time("12:00")));
    let first = &done.regions[0];
    assert_eq!((first.files, first.records, first.read_at), (12, 1_000, Some(time("12:30"))));
    let spans: Vec<(Time, Time)> = first.spans.iter().map(|span| (span.from, span.until)).collect();
    let (a, b) = (time("10:01"), time("11:01"));
    assert_eq!(spans, [(time("10:00"), a), (a, b), (b, time("12:00"))]);
}

#[test]
fn the_state_follows_the_clock_until_the_last_digest_is_in() {
    let case = Case { proofs: Vec::new(), ..Case::default() };
    for (now, state) in [
        ("10:30", State::Collecting),
        ("11:14", State::Collecting),
        ("11:15", State::Provisional),
        ("12:59", State::Provisional),
    ] {
        let told = case.at(now);
        assert_eq!((told.state, codes(&told)), (state, vec![]), "{now}");
        assert!(told.regions.iter().all(|region| !region.validated));
    }
    let one_short = Case::default().without("us-east-1", "11:01").without("us-east-1", "12:01");
    let told = one_short.at("13:30");
    assert_eq!((told.state, codes(&told)), (State::Provisional, vec![]));
    assert_eq!(told.regions[1].spans.last().unwrap().state, SpanState::Awaited);
    assert_eq!(told.final_by, time("15:00"));
}

#[test]
fn a_digest_that_does_not_come_is_a_gap_after_three_hours() {
    let case = Case::default().without("us-east-1", "11:01").without("us-east-1", "12:01");
    assert_eq!(codes(&case.at("14:01")), []);
    let told = case.at("14:31");
    assert_eq!(codes(&told), [("digest_overdue", "us-east-1")]);
    assert_eq!((told.gaps[0].from, told.gaps[0].until), (time("11:01"), time("11:31")));
    let told = case.at("23:00");
    assert_eq!((told.state, told.gaps[0].until), (State::Provisional, time("12:00")));
    insta::assert_snapshot!(told.gaps[0].sentence);
    // It came late.
    let case = case.with(proof("us-east-1", "11:01", "12:01", &[]));
    assert_eq!((case.at("23:00").state, case.at("23:00").gaps), (State::Final, vec![]));
}

#[test]
fn a_session_that_outlives_the_grant_moves_the_end() {
    let case = Case::default();
    let asked = Asked {
        starts_at: time("10:00"),
        ends_at: time("11:00"),
        provisional_after: super::PROVISIONAL_AFTER,
        last_session_ends_at: time("12:30"),
        regions: &case.regions,
        seen_in: &case.seen_in,
        sources: &case.sources,
        management: Management::All,
        data_selected: None,
        data_seen: false,
    };
    let told = coverage(&asked, &case.read, &case.proofs, time("13:05"));
    assert_eq!((told.state, told.until), (State::Provisional, time("13:30")));
}

#[test]
fn what_does_not_hold_is_a_gap_with_its_code_and_never_final() {
    for code in [
        Code::BadSignature,
        Code::UnknownKey,
        Code::WrongObject,
        Code::ChainBroken,
        Code::FileMissing,
        Code::FileHashMismatch,
        Code::FileNotRead,
    ] {
        let case = Case::default().with(proof("eu-west-1", "10:01", "11:01", &[code, code, code]));
        let told = case.at("20:00");
        assert_eq!((told.state, codes(&told)), (State::Provisional, vec![(code.as_str(), "eu-west-1")]));
        assert!(told.gaps[0].sentence.ends_with("is gone. And 2 more."), "{}", told.gaps[0].sentence);
        let finding = told.gaps[0].finding();
        let high = code != Code::FileNotRead;
        assert_eq!((finding.rule.as_str(), finding.severity == Severity::High), ("coverage_gap", high), "{code:?}");
    }
}

#[test]
fn logging_that_was_off_is_a_gap_at_once() {
    for code in [Code::ChainStart, Code::Gap] {
        let mut late = proof("eu-west-1", "11:01", "12:01", &[code]);
        late.from = time("11:20");
        let case = Case::default().without("eu-west-1", "11:01").without("eu-west-1", "12:01").with(late);
        let told = case.at("12:30");
        assert_eq!(codes(&told), [(code.as_str(), "eu-west-1")]);
        assert_eq!((told.gaps[0].from, told.gaps[0].until), (time("11:01"), time("11:20")));
    }
    // It was off before the grant began: nothing of the grant is missing.
    let mut first = proof("eu-west-1", "09:01", "10:01", &[Code::ChainStart]);
    first.from = time("09:30");
    let case = Case::default().without("eu-west-1", "09:01").with(first);
    assert_eq!(case.at("13:30").state, State::Final);
}

#[test]
fn files_still_to_be_read_are_waited_for() {
    let mut waiting = proof("eu-west-1", "10:01", "11:01", &[]);
    waiting.verdict.state = verdict::State::Waiting;
    waiting.verdict.waiting = 2;
    let told = Case::default().with(waiting).at("13:30");
    assert_eq!((told.state, codes(&told)), (State::Provisional, vec![]));
    assert_eq!(told.regions[0].spans[1].state, SpanState::Waiting);
}

#[test]
fn a_quarantined_file_is_told_even_without_a_digest_and_once_with_one() {
    let case = Case { read: vec![hour("eu-west-1", "11:00", 2)], ..Case::default() };
    assert_eq!(codes(&case.at("13:30")), [("file_not_read", "eu-west-1")]);
    let case = case.with(proof("eu-west-1", "11:01", "12:01", &[Code::FileNotRead]));
    assert_eq!(codes(&case.at("13:30")), [("file_not_read", "eu-west-1")]);
    let elsewhere = Case { read: vec![hour("eu-west-1", "12:00", 2)], ..Case::default() };
    assert_eq!(elsewhere.at("13:30").state, State::Final);
}

#[test]
fn a_backfill_covers_no_time_but_can_leave_a_gap() {
    let backfill = |findings: &[Code]| Proof { backfill: true, ..proof("eu-west-1", "10:01", "11:01", findings) };
    assert_eq!(Case::default().with(backfill(&[])).at("13:30").state, State::Final);
    let told = Case::default().with(backfill(&[Code::FileMissing])).at("13:30");
    assert_eq!((told.state, codes(&told)), (State::Provisional, vec![("file_missing", "eu-west-1")]));
    let alone = Case::default().without("eu-west-1", "10:01").with(backfill(&[]));
    assert_eq!(codes(&alone.at("20:00")), [("digest_overdue", "eu-west-1")]);
}

#[test]
fn a_second_trail_does_not_stand_in_for_one_that_was_stopped() {
    let mut case = Case::default();
    let second: Vec<Proof> = whole().into_iter().map(|proof| Proof { trail: "mine".to_owned(), ..proof }).collect();
    case.proofs.extend(second);
    assert_eq!(case.at("13:30").state, State::Final);
    case.proofs.retain(|proof| proof.trail == "mine" || proof.region == "us-east-1" || proof.from < time("10:30"));
    let told = case.at("20:00");
    assert_eq!((told.state, codes(&told)), (State::Provisional, vec![("digest_overdue", "eu-west-1")]));
}

#[test]
fn a_call_where_nobody_looks_is_a_gap() {
    let seen_in = BTreeSet::from(["ap-south-1".to_owned(), "eu-west-1".to_owned()]);
    let told = Case { seen_in, ..Case::default() }.at("13:30");
    assert_eq!((told.state, codes(&told)), (State::Provisional, vec![("region_not_watched", "ap-south-1")]));
}

#[test]
fn without_a_trail_nothing_is_ever_final() {
    for sources in [vec![], vec![SourceFacts { set_up: false, ..TRAIL }]] {
        let told = Case { sources, ..Case::default() }.at("20:00");
        assert_eq!((told.state, codes(&told)), (State::Provisional, vec![("no_trail", "")]));
        assert!(told.regions.is_empty());
    }
}

#[test]
fn sources_say_whether_they_are_in() {
    let facts = |source, set_up, calls, asked_at| SourceFacts { source, set_up, calls, asked_at };
    let sources = vec![
        TRAIL,
        facts(Source::Bus, true, 0, None),
        facts(Source::Lookup, true, 4, Some(time("11:10"))),
        facts(Source::Logs, false, 0, None),
    ];
    let states = |sources: Vec<SourceFacts>| {
        let told = Case { sources, ..Case::default() }.at("13:30");
        told.sources.iter().map(|source| source.state).collect::<Vec<_>>()
    };
    let (off, awaited, in_) = (SourceState::Off, SourceState::Awaited, SourceState::In);
    assert_eq!(states(sources.clone()), [in_, awaited, awaited, off]);
    let later = sources.into_iter().map(|facts| SourceFacts { asked_at: Some(time("11:15")), calls: 1, ..facts });
    assert_eq!(states(later.collect()), [in_, in_, in_, off]);
}

#[test]
fn it_says_plainly_what_kinds_of_calls_would_have_been_seen() {
    let objects = vec!["AWS::S3::Object".to_owned()];
    let mut said = String::new();
    for (selected, data_seen) in
        [(Some(vec![]), false), (Some(objects), true), (Some(vec![]), true), (None, true), (None, false)]
    {
        let told = Case { selected, data_seen, ..Case::default() }.at("13:30");
        writeln!(said, "{:?}: {}", told.kinds.data, told.kinds.sentence).unwrap();
    }
    insta::assert_snapshot!(said);
}

#[test]
fn it_is_shown_in_camel_case() {
    let case = Case::default().with(proof("eu-west-1", "10:01", "11:01", &[Code::FileMissing]));
    let told = case.at("13:30");
    let json = serde_json::to_string_pretty(&told).unwrap();
    insta::assert_snapshot!(json);
    assert_eq!(serde_json::from_str::<Coverage>(&json).unwrap(), told);
}

proptest! {
    /// Whatever digests there are: no moment is left out, and it is final only if each is validated.
    #[test]
    fn every_moment_has_a_state(
        digests in prop::collection::vec((0_u64..20, 1_u64..9, 0_u8..12), 0..12),
        minutes in 0_u64..800,
    ) {
        let proofs: Vec<Proof> = digests.iter().map(|(start, length, kind)| {
            let findings: &[Code] = match kind { 0 => &[Code::FileMissing], 1 => &[Code::ChainStart], _ => &[] };
            let from = time("09:00").plus(start.saturating_mul(900));
            let until = from.plus(length.saturating_mul(900));
            Proof { from, until, ..proof("eu-west-1", "10:00", "11:00", findings) }
        }).collect();
        let case = Case { regions: vec!["eu-west-1".to_owned()], read: vec![], proofs, ..Case::default() };
        let now = time("10:00").plus(minutes.saturating_mul(60));
        let told = case.at_time(now);
        let mut covered = BTreeSet::new();
        for minute in 0..120_u64 {
            let moment = time("10:00").plus(minute.saturating_mul(60));
            let here: Vec<SpanState> = told.regions[0].spans.iter()
                .filter(|span| span.from <= moment && moment < span.until).map(|span| span.state).collect();
            prop_assert!(!here.is_empty(), "{moment} has none");
            let proven = case.proofs.iter().any(|proof| {
                proof.verdict.state == verdict::State::Validated && proof.from <= moment && moment < proof.until
            });
            prop_assert!(proven || !here.contains(&SpanState::Validated), "{moment} is not proven");
            covered.insert(proven);
        }
        let doubtful = case.proofs.iter().any(|proof| {
            proof.verdict.state == verdict::State::Doubtful && proof.from < told.until && told.from < proof.until
        });
        let all = covered == BTreeSet::from([true]) && !doubtful && now >= time("11:00");
        prop_assert_eq!(told.state == State::Final, all);
    }
}
