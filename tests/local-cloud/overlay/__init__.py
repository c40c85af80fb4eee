"""The local cloud: MiniStack with what AWS does and MiniStack does not, as far as Countersign's promises touch it.

One module per service. Each has `install()`, which replaces names inside MiniStack; each patch says what AWS does and
what MiniStack does by itself, and has its check in `../checks`. MiniStack's own names are private, so its version is
asserted at start: before an upgrade, change `MINISTACK_VERSION`, read the patched functions again, run the checks.
"""

from importlib import metadata

MINISTACK_VERSION = "1.5.33"

LIMITS = (
    "roles and policies take effect at once: no eventual consistency, no throttling, no real latency",
    "session policies: the 2,048 character limits hold; the packed size (a secret of AWS) is not computed",
    "schedules fire within LOCAL_CLOUD_SCHEDULER_TICK of their time; AWS promises 60 seconds",
    "recurring schedules ignore their role, retries and dead-letter queue; rules ignore their dead-letter queue",
    "asynchronous invocations retry after 1 s and 2 s; on AWS after 1 and 2 minutes",
    "no TLS: a call by the loopback interface counts as if it came by it; S3 default encryption is not done",
    "functions are plain processes of your user: no memory limit, no read-only disk, no arm64, no VPC",
    "not checked: Lambda resource policies, who a function's role trusts, service control policies",
    "the policy simulator: users and roles only, no resource policies, no positions of the statements that matched",
    "an incremental export has only what the table's stream still holds, and old images only if the stream has them",
    "CloudTrail delivers within seconds and in order; on AWS within 5 to 15 minutes, in no order, sometimes twice",
    "CloudTrail's digest files are on whole hours and of the regions used; it makes no _backfill ones",
    "CloudTrail has no record of what services call for themselves, and responseElements of credentials only",
    "a call's source address is 127.0.0.1, or what it says itself in X-Forwarded-For",
    "CloudTrail leaves its own deliveries out; on AWS a trail with data events on its own bucket has them as a service's",
    "CloudTrail has no insight events, and its trails no KMS key, SNS topic, log group or check of the bucket's policy",
    "an access key `test`, or of 12 digits, is the account's root and its secret is not checked",
)
"""What this local cloud cannot do: printed at start, so that nobody takes it for AWS."""


def check_version() -> None:
    """Refuse any other MiniStack than the one these patches were written for."""
    found = metadata.version("ministack")
    if found != MINISTACK_VERSION:
        raise SystemExit(f"the local cloud was written for ministack {MINISTACK_VERSION}, found {found}")
