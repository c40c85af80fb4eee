//! What an approver took away is not granted: in the documents, the window, and what is asked for after it.

use crate::support::{HALF_AN_HOUR, Kind, Site, actor};
use model::names::RequestId;
use model::refusal::Refusal;
use model::request::Status;
use model::terms::Narrower;
use workflow::command::CommandError;
use workflow::credentials::credentials;
use workflow::decisions::Wanted;
use workflow::submission::{Extension, extend};

const TABLE: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";

/// Countersigned by whoever it takes, the last of whom leaves `dynamodb:GetItem` for ten minutes.
fn narrowed(site: &Site, kind: Kind) -> RequestId {
    let id = site.pending(kind, HALF_AN_HOUR);
    let [earlier @ .., last] = kind.approvers() else { panic!() };
    for approver in earlier {
        site.act(approver, &id, &site.approval(&id)).unwrap();
    }
    let digest = site.stored(&id).state.terms().digest();
    let narrower = Narrower {
        permissions: Some(vec!["dynamodb:GetItem".to_owned()]),
        resources: Some(vec![TABLE.to_owned()]),
        duration_seconds: Some(600),
    };
    site.act(last, &id, &Wanted::Approve { digest, note: None, narrower: Some(narrower) }).unwrap();
    for approver in earlier {
        assert_eq!(site.status(&id), Status::Pending, "whoever countersigned more has to see it");
        let before = Wanted::approve(digest);
        let refused = site.act(approver, &id, &before);
        assert!(matches!(refused, Err(CommandError::Refused { refusal: Refusal::StaleDigest, .. })), "{refused:?}");
        site.act(approver, &id, &site.approval(&id)).unwrap();
    }
    assert_eq!(site.status(&id), Status::Provisioning);
    id
}

#[test]
fn what_was_taken_away_is_not_granted() {
    for kind in Kind::ALL {
        let site = Site::new();
        let id = narrowed(&site, kind);
        site.must(site.provision(&id)).unwrap();
        if kind.has_sessions() {
            site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
        }
        let starts_at = site.window(&id).starts_at();
        let may = |action, seconds| site.world.may(&id, action, TABLE, starts_at.plus(seconds));
        assert!(may("dynamodb:GetItem", 0) && may("dynamodb:GetItem", 599), "{kind:?}");
        assert!(!may("dynamodb:GetItem", 600), "{kind:?}: for ten minutes, not for thirty");
        for gone in ["dynamodb:UpdateItem", "dynamodb:Query", "s3:GetObject"] {
            assert!(!may(gone, 1), "{kind:?}: {gone}");
        }
        // A worker that comes again finds its own.
        site.must(site.provision(&id)).unwrap();
        site.watch();
        site.pass_until(starts_at.plus(700));
        assert_eq!(site.status(&id), Status::Ended, "{kind:?}");
        site.at_rest();
    }
}

#[test]
fn a_worker_that_died_makes_what_was_countersigned() {
    for kind in [Kind::Role, Kind::Policy] {
        let site = Site::new();
        let id = narrowed(&site, kind);
        let digest = site.stored(&id).state.terms().digest();
        assert_ne!(digest, site.stored(&id).state.request.digest());
        site.must(site.provision(&id)).unwrap();
        assert_eq!(site.status(&id), Status::Active, "{kind:?}");
        site.act("alice", &id, &Wanted::Revoke { reason: crate::support::text("done") }).unwrap();
        site.must(site.end(&id)).unwrap();
        site.at_rest();
    }
}

#[test]
fn an_extension_asks_for_what_is_held() {
    let site = Site::new();
    let id = narrowed(&site, Kind::Session);
    site.must(site.provision(&id)).unwrap();
    let extension = Extension { duration_seconds: 900, justification: "it takes longer".to_owned(), ticket: None };
    let extended = site.must(extend(&*site.world, &actor("alice"), &id, &extension, None)).unwrap();
    assert_eq!(extended.state.request.permissions, ["dynamodb:GetItem"]);
}
