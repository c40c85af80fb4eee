"""What a call of S3 is: its name, its bucket and object, and whether it touched objects (a data event) or a bucket."""

from ministack.services import s3

_OBJECT = {
    "acl": {"GET": "GetObjectAcl", "PUT": "PutObjectAcl"},
    "attributes": {"GET": "GetObjectAttributes"},
    "legal-hold": {"GET": "GetObjectLegalHold", "PUT": "PutObjectLegalHold"},
    "restore": {"POST": "RestoreObject"},
    "retention": {"GET": "GetObjectRetention", "PUT": "PutObjectRetention"},
    "select": {"POST": "SelectObjectContent"},
    "tagging": {"GET": "GetObjectTagging", "PUT": "PutObjectTagging", "DELETE": "DeleteObjectTagging"},
    "uploads": {"POST": "CreateMultipartUpload"},
    "uploadId": {
        "GET": "ListParts", "PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload",
    },
    None: {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject", "POST": "PostObject"},
}
"""Calls on an object, by what the address asks after the question mark."""

_LISTS = {
    "delete": {"POST": "DeleteObjects"},
    "uploads": {"GET": "ListMultipartUploads"},
    "versions": {"GET": "ListObjectVersions"},
    "list-type": {"GET": "ListObjects"},
}
"""Calls on a bucket that AWS counts as data events. ListObjectsV2 is `ListObjects` there, with `list-type` 2."""

_BUCKET = {
    "accelerate": "AccelerateConfiguration", "acl": "BucketAcl", "cors": "BucketCors", "encryption": "BucketEncryption",
    "lifecycle": "BucketLifecycle", "location": "BucketLocation", "logging": "BucketLogging",
    "notification": "BucketNotification", "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls", "policy": "BucketPolicy", "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock", "replication": "BucketReplication",
    "requestPayment": "BucketRequestPayment", "tagging": "BucketTagging", "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
"""Settings of a bucket: Get, Put and Delete of these are management events."""

_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}


def told(call) -> dict:
    """Fields of `calls.Told`. See https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html"""
    bucket, key = s3._parse_bucket_key(call.path, call.headers)
    query = {name: value[0] if isinstance(value, list) else value for name, value in (call.query or {}).items()}
    name, data = _name(call.method, bucket, key, query, call.headers)
    parameters = {name: value for name, value in query.items() if not name.lower().startswith("x-amz-")}
    if bucket:
        parameters |= {"bucketName": bucket, "Host": call.headers.get("host", "")}
    named, resources = [], []
    if bucket:
        named.append({"ResourceType": "AWS::S3::Bucket", "ResourceName": bucket})
        resources.append({
            "accountId": s3._bucket_owner_account(bucket) or call.account, "type": "AWS::S3::Bucket",
            "ARN": f"arn:aws:s3:::{bucket}",
        })
    if key:
        parameters["key"] = key
        named.append({"ResourceType": "AWS::S3::Object", "ResourceName": f"{bucket}/{key}"})
        resources.insert(0, {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"})
    elif data:
        prefix = query.get("prefix", "")
        resources.insert(0, {"type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::{bucket}/{prefix}"})
    return {
        "name": name, "parameters": parameters or None, "data": "AWS::S3::Object" if data else None,
        "read_only": call.method in ("GET", "HEAD") or name == "SelectObjectContent",
        "resources": resources if data else [one for one in resources if one["type"] == "AWS::S3::Bucket"],
        "named": named,
    }


def _name(method: str, bucket: str, key: str, query: dict, headers: dict) -> tuple[str, bool]:
    if not bucket:
        return "ListBuckets", False
    if key:
        asked = next((one for one in _OBJECT if one in query), None)
        name = _OBJECT[asked].get(method, f"{method}Object")
        copied = "x-amz-copy-source" in headers and name in ("PutObject", "UploadPart")
        return {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}[name] if copied else name, True
    for asked, names in _LISTS.items():
        if asked in query and method in names:
            return names[method], True
    asked = next((one for one in _BUCKET if one in query), None)
    if asked:
        return f"{_VERBS.get(method, method)}{_BUCKET[asked]}", False
    plain = {
        "GET": "ListObjects", "HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket", "POST": "PostObject",
    }
    return plain.get(method, method), method in ("GET", "HEAD", "POST")


def extra(call, answer: tuple) -> dict:
    """`additionalEventData` of an S3 event."""
    headers = {name.lower(): value for name, value in answer[1].items()}
    body = answer[2] if len(answer) > 2 else b""
    sent = len(body) if isinstance(body, (bytes, bytearray, str)) else int(headers.get("content-length", 0))
    return {
        "SignatureVersion": "SigV4",
        "AuthenticationMethod": "AuthHeader" if "authorization" in call.headers else "QueryString",
        "bytesTransferredIn": len(call.body or b""),
        "bytesTransferredOut": sent,
        "x-amz-id-2": headers.get("x-amz-id-2", ""),
    }
