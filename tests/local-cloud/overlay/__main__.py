"""`python -m overlay`: the local cloud on `GATEWAY_PORT`, with MiniStack's own environment and the knobs of `settings`."""

from overlay import LIMITS, MINISTACK_VERSION, check_version

check_version()

from ministack import app  # noqa: E402  (only after the version is known to be the right one)

from overlay import (  # noqa: E402
    clock,
    cloudformation,
    cloudtrail,
    decisions,
    eventbridge,
    exports,
    functions,
    iam,
    iam_conditions,
    resources,
    s3,
    scheduler,
    services,
    settings,
    simulation,
    streams,
    sts,
)


def main() -> None:
    """Patch MiniStack, say what it still cannot do, and serve until SIGTERM."""
    # CloudTrail comes last: it wraps the handlers that the others have replaced. Decisions come first: each implied action is
    # one of its own.
    for module in (
        clock, decisions, resources, iam_conditions, iam, simulation, sts, functions, eventbridge, s3, scheduler, streams,
        services, exports, cloudformation, cloudtrail,
    ):
        module.install()
    print(f"local cloud on MiniStack {MINISTACK_VERSION}; {settings.describe()}", flush=True)
    print("what it cannot do:", *LIMITS, sep="\n  - ", flush=True)
    app.main()


main()
