"""The keys that digest files are signed with, one at a time per region, and ListPublicKeys."""

import base64
import dataclasses
import hashlib
import threading
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from ministack.core.responses import get_region
from ministack.services import cloudtrail

_DAY = 24 * 3600
_VALID = 30 * _DAY

_keys: dict[str, list] = {}
_lock = threading.Lock()


@dataclasses.dataclass
class Key:
    """A key pair and the seconds since 1970 between which it signs."""

    private: rsa.RSAPrivateKey
    start: float
    end: float

    def public(self) -> bytes:
        """The public key as AWS gives it: PKCS #1, DER."""
        return self.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)

    def fingerprint(self) -> str:
        """MD5 of `public`, in hexadecimal digits. AWS does not say what it is; so it comes out for the examples in
        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html"""
        return hashlib.md5(self.public(), usedforsecurity=False).hexdigest()

    def sign(self, text: str) -> str:
        """RSA with SHA-256 and PKCS #1 v1.5 padding, in hexadecimal digits."""
        return self.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()


def install() -> None:
    """AWS: the public keys of a time range. MiniStack: the call is unknown."""
    cloudtrail._DISPATCH["ListPublicKeys"] = _list_public_keys


def current(region: str) -> Key:
    """The key that signs now in a region; a new one if the last is too old."""
    with _lock:
        known, now = _keys.setdefault(region, []), time.time()
        if not known or known[-1].end <= now:
            # From midnight on, so that it covers the hour that is under way when it is made.
            start = now - now % _DAY
            known.append(Key(rsa.generate_private_key(public_exponent=65537, key_size=2048), start, start + _VALID))
        return known[-1]


def _list_public_keys(body: dict) -> tuple:
    now = time.time()
    start = float(body["StartTime"]) if body.get("StartTime") is not None else None
    end = float(body["EndTime"]) if body.get("EndTime") is not None else None
    start, end = now if start is None else start, max(now, start or 0) if end is None else end
    if start > end:
        return cloudtrail._err("InvalidTimeRangeException", "The start time is after the end time.")
    current(get_region())
    found = [key for key in _keys[get_region()] if key.start <= end and start < key.end]
    return cloudtrail._ok({"PublicKeyList": [
        {
            "Value": base64.b64encode(key.public()).decode(), "Fingerprint": key.fingerprint(),
            "ValidityStartTime": key.start, "ValidityEndTime": key.end,
        }
        for key in found
    ]})
