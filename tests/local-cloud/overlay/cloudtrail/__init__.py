"""CloudTrail: who did what, as AWS writes it, delivered where AWS delivers it.

`record` makes an event of a call, `calls` and `s3_calls` say what the call was, `identity` who made it. `selectors` says
which trails want it. It goes into log files (`files`), to the default bus (`bus`) and into the event history (`lookup`).
`digest` signs what was delivered, with `keys`; `control` is what AWS does not have.
"""

from overlay.cloudtrail import bus, control, digest, files, keys, lookup, record


def install() -> None:
    """Everything; the wrapping of the services' handlers last."""
    lookup.install()
    bus.install()
    keys.install()
    digest.install()
    control.install()
    files.install()
    record.install()
