//! What may follow what: the table of `docs/record.md`, "Paths".

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nothing was submitted.
    Nowhere,
    /// It waits for countersignatures.
    Pending,
    /// Enough countersigned, or policy alone approved.
    Approved,
    /// Access is being made.
    Provisioning,
    /// Access exists.
    Active,
    /// Access is being ended.
    Revoking,
    /// Access is over.
    Ended,
    /// Refused, withdrawn or lapsed: nothing ever came of it.
    Closed,
}

impl Place {
    /// The words for it, in a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Nowhere => "nothing was submitted",
            Self::Pending => "it waits for countersignatures",
            Self::Approved => "it is approved",
            Self::Provisioning => "access is being made",
            Self::Active => "access exists",
            Self::Revoking => "access is being ended",
            Self::Ended => "access is over",
            Self::Closed => "it was refused, withdrawn or lapsed",
        }
    }

    /// Whether access may exist, or may come of it without another decision of a person.
    pub(crate) fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Approved | Self::Provisioning | Self::Active => true,
            Self::Nowhere | Self::Revoking | Self::Ended | Self::Closed => false,
        }
    }
}

/// What an event comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It leads here.
    To(Place),
    /// It can't follow; it would have led here.
    Impossible(Place),
    /// There is no such event of requests.
    Unknown,
}

/// Where the event named `kind` leads from `from`.
pub(crate) fn step(from: Place, kind: &str) -> Step {
    use Place::{Active, Approved, Closed, Ended, Nowhere, Pending, Provisioning, Revoking};
    // The event, where it may happen, and where it leads: `None`, nowhere else.
    let (allowed, to): (&[Place], Option<Place>) = match kind {
        "requestSubmitted" => (&[Nowhere], Some(Pending)),
        "requestDenied" | "requestCancelled" | "requestLapsed" => (&[Pending, Approved], Some(Closed)),
        "approvalGiven" | "termsNarrowed" | "approversReminded" => (&[Pending], None),
        "requestApproved" => (&[Pending], Some(Approved)),
        "provisioningStarted" => (&[Approved], Some(Provisioning)),
        "provisioningAttemptFailed" | "nameTaken" => (&[Provisioning], None),
        "grantActivated" => (&[Provisioning], Some(Active)),
        "expiryAnnounced" | "credentialsRequested" => (&[Active], None),
        "credentialsIssued" | "credentialsFailed" | "runReported" => (&[Active, Revoking, Ended], None),
        "revocationStarted" => (&[Provisioning, Active], Some(Revoking)),
        "tombstonePlaced" | "revocationAttemptFailed" => (&[Revoking], None),
        "grantEnded" => (&[Revoking], Some(Ended)),
        "verifiedEnded" | "verificationAttemptFailed" | "endedUnverified" | "driftFound" | "tombstoneRemoved" => {
            (&[Ended], None)
        }
        "activityFinding" | "activitySummarised" => (&[Provisioning, Active, Revoking, Ended], None),
        "wordsErased" => (&[Ended, Closed], None),
        "commandRefused" => (&[Pending, Approved, Provisioning, Active, Revoking, Ended, Closed], None),
        _ => return Step::Unknown,
    };
    let to = to.unwrap_or(from);
    if allowed.contains(&from) { Step::To(to) } else { Step::Impossible(to) }
}
