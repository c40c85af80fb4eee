"""Digest files: which log files were delivered in an hour, signed, each chained to the one before.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

import datetime
import hashlib
import json
import logging
import math
import threading
import time

from ministack.services import cloudtrail

from overlay import settings
from overlay.cloudtrail import files, keys
from overlay.request import utc

_log = logging.getLogger("local-cloud.cloudtrail")

_CHAINS = "_Digests"
"""Where a trail's record keeps its chains: for each region where the next digest starts, what is to be in it, and the digest
before."""

_FURTHEST = 48
"""Most periods that are closed before they are over."""

_SETTLED = 2.0
"""Seconds after which the call that stopped a trail is recorded."""

_lock = threading.Lock()


def install() -> None:
    """AWS: a digest an hour for each region of a trail with validation, also if nothing was delivered. MiniStack: none.
    Here they begin and end on whole hours; on AWS at any minute, an hour apart."""
    cloudtrail._TRAIL_STATE_KEYS = cloudtrail._TRAIL_STATE_KEYS | {_CHAINS}
    files.on_delivery.append(_note)
    threading.Thread(target=_close_for_ever, daemon=True, name="local-cloud-digest").start()


def _close_for_ever() -> None:
    while True:
        time.sleep(min(1.0, settings.CLOUDTRAIL_DIGEST))
        try:
            _close_past()
        except Exception:  # noqa: BLE001  (the next round may go through)
            _log.exception("digest files were not delivered")


def _close_past() -> None:
    """Digests of all periods that are over; and the last one of a trail that was stopped, which ends its chain."""
    with _lock:
        due = any(_is_over(chain) or _is_stopped(trail) for trail in _validated() for chain in _chains(trail).values())
    if not due:
        return
    files.deliver()
    with _lock:
        for trail in _validated():
            for region, chain in _chains(trail).items():
                while _is_over(chain) and _write(trail, region, chain):
                    pass
                if _is_stopped(trail) and _write(trail, region, chain, early=True):
                    chain.update(open=False, previous=None)


def _is_over(chain: dict) -> bool:
    return chain["start"] + settings.CLOUDTRAIL_DIGEST <= time.time()


def _is_stopped(trail: dict) -> bool:
    return not trail.get("IsLogging") and time.time() > trail.get("_StoppedAt", 0) + _SETTLED


def close(until: float | None = None) -> list[dict]:
    """Delivers what waits and then digests of all periods up to the one that `until` is in (the current one without), as
    if they were over; what is delivered later is in the next. At least one, where something was delivered since the last.

    AWS has nothing like it: it is for those who can't wait an hour.

    Raises ValueError if `until` is further off than `_FURTHEST` periods.
    """
    if until is not None and until > time.time() + _FURTHEST * settings.CLOUDTRAIL_DIGEST:
        raise ValueError(f"until: more than {_FURTHEST} digest files from now")
    files.deliver()
    made, goal = [], time.time() if until is None else until
    with _lock:
        for trail in _validated():
            for region, chain in _chains(trail).items():
                while chain["start"] <= goal or chain["files"]:
                    key = _write(trail, region, chain, early=True)
                    if not key:
                        break
                    end = utc(chain["start"])
                    made.append({"trail": trail["TrailARN"], "region": region, "digest": key, "endTime": end})
    return made


def _validated() -> list[dict]:
    """Trails with validation that log, or have a digest to come from when they did."""
    found = []
    for _, trail in list(cloudtrail._trails.all_items()):
        if not trail.get("LogFileValidationEnabled"):
            # Turned on again, a new chain begins.
            trail.pop(_CHAINS, None)
        elif trail.get("IsLogging") or any(chain["open"] for chain in trail.get(_CHAINS, {}).values()):
            found.append(trail)
    return found


def _chains(trail: dict) -> dict:
    """A trail's open chains by region: of its own region and us-east-1, where global services are, and of those it
    delivered from. A new one begins with the hour in which logging does, or where the last one ended."""
    known = trail.setdefault(_CHAINS, {})
    if trail.get("IsLogging"):
        for region in {trail["HomeRegion"], *(["us-east-1"] if trail.get("IsMultiRegionTrail") else []), *known}:
            _begin(known, region)
    return {region: chain for region, chain in known.items() if chain["open"]}


def _begin(chains: dict, region: str) -> dict:
    hour = math.floor(time.time() / settings.CLOUDTRAIL_DIGEST) * settings.CLOUDTRAIL_DIGEST
    chain = chains.setdefault(region, {"start": hour, "files": [], "previous": None, "open": True})
    if not chain["open"]:
        chain.update(open=True, start=max(chain["start"], hour))
    return chain


def _note(trail: dict, region: str, key: str, text: bytes, times: list[str]) -> None:
    """A delivered log file, for the next digest."""
    with _lock:
        if trail not in _validated():
            return
        _chains(trail)
        _begin(trail[_CHAINS], region)["files"].append({
            "delivered": time.time(),
            "s3Bucket": trail["S3BucketName"], "s3Object": key, "hashValue": hashlib.sha256(text).hexdigest(),
            "hashAlgorithm": "SHA-256", "newestEventTime": max(times), "oldestEventTime": min(times),
        })


def _write(trail: dict, region: str, chain: dict, early: bool = False) -> str | None:
    """The chain's next digest: its key, or none if it could not be stored. `early`: with all that was delivered so far."""
    account, end = trail["TrailARN"].split(":")[4], chain["start"] + settings.CLOUDTRAIL_DIGEST
    moment = datetime.datetime.fromtimestamp(end, datetime.UTC)
    signer, previous = keys.current(region), chain["previous"] or {}
    own = [one for one in chain["files"] if early or one["delivered"] < end]
    key = (
        f"{files.folder(trail, account, region, moment, 'CloudTrail-Digest')}{account}_CloudTrail-Digest_{region}_"
        f"{trail['Name']}_{trail['HomeRegion']}_{moment:%Y%m%dT%H%M%SZ}.json.gz"
    )
    text = json.dumps({
        "awsAccountId": account, "digestStartTime": utc(chain["start"]), "digestEndTime": utc(end),
        "digestS3Bucket": trail["S3BucketName"], "digestS3Object": key,
        "digestPublicKeyFingerprint": signer.fingerprint(), "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": max((one["newestEventTime"] for one in own), default=None),
        "oldestEventTime": min((one["oldestEventTime"] for one in own), default=None),
        "previousDigestS3Bucket": previous.get("bucket"), "previousDigestS3Object": previous.get("key"),
        "previousDigestHashValue": previous.get("hash"), "previousDigestHashAlgorithm": "SHA-256" if previous else None,
        "previousDigestSignature": previous.get("signature"),
        "logFiles": [{name: value for name, value in one.items() if name != "delivered"} for one in own],
    }).encode()
    digest = hashlib.sha256(text).hexdigest()
    # Of the uncompressed text; the word `null` where there is none before: awscli/customizations/cloudtrail/validation.py
    place = f"{trail['S3BucketName']}/{key}"
    signature = signer.sign("\n".join([utc(end), place, digest, previous.get("signature") or "null"]))
    if not files.put(trail, key, text, {"signature": signature, "signature-algorithm": "SHA256withRSA"}):
        return None
    chain["previous"] = {"bucket": trail["S3BucketName"], "key": key, "hash": digest, "signature": signature}
    chain["start"], chain["files"] = end, [one for one in chain["files"] if one not in own]
    return key
