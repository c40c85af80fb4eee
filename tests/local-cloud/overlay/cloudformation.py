"""CloudFormation: properties of our template that MiniStack accepts and drops, and what `!Ref` of a secret is."""

from ministack.services import dynamodb, iam, lambda_svc, s3, secretsmanager
from ministack.services.cloudformation import provisioners


def install() -> None:
    """Apply the dropped properties after each create and update."""
    _also("AWS::DynamoDB::Table", _table)
    _also("AWS::Lambda::Function", _function)
    _also("AWS::IAM::Role", _role)
    _also("AWS::S3::Bucket", _bucket)
    _secret_by_arn()


def _also(resource_type: str, apply) -> None:
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    stock_create, stock_update = handlers["create"], handlers["update"]

    def create(logical_id, properties, stack_name, *args, **kwargs):
        made = stock_create(logical_id, properties, stack_name, *args, **kwargs)
        apply(made[0], properties)
        return made

    def update(physical_id, old, new, stack_name, *args, **kwargs):
        made = stock_update(physical_id, old, new, stack_name, *args, **kwargs)
        apply(made[0], new)
        return made

    handlers["create"], handlers["update"] = create, update


def _secret_by_arn() -> None:
    """AWS: `!Ref` of a secret is its ARN, which policies then name. MiniStack: its name, which no policy can name."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    stock = {verb: handlers[verb] for verb in ("create", "update", "delete")}

    def name_of(physical_id):
        return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == physical_id), physical_id)

    def by_arn(made):
        return secretsmanager._secrets[made[0]]["ARN"], *made[1:]

    def create(*args, **kwargs):
        return by_arn(stock["create"](*args, **kwargs))

    def update(physical_id, *args, **kwargs):
        return by_arn(stock["update"](name_of(physical_id), *args, **kwargs))

    def delete(physical_id, *args, **kwargs):
        return stock["delete"](name_of(physical_id), *args, **kwargs)

    handlers.update(create=create, update=update, delete=delete)


def _is_true(value) -> bool:
    return str(value).lower() == "true"


def _table(name: str, properties: dict) -> None:
    """AWS: time to live, point-in-time recovery and encryption are as the template says. MiniStack: off."""
    ttl = properties.get("TimeToLiveSpecification")
    if ttl:
        spec = {"AttributeName": ttl.get("AttributeName"), "Enabled": _is_true(ttl.get("Enabled"))}
        if dynamodb._ttl_settings.get(name, {}).get("AttributeName") != spec["AttributeName"]:
            dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": spec})
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    dynamodb._update_continuous_backups({
        "TableName": name,
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": _is_true(recovery.get("PointInTimeRecoveryEnabled")),
        },
    })
    encryption = properties.get("SSESpecification") or {}
    if _is_true(encryption.get("SSEEnabled")):
        specification = {"Enabled": True, "SSEType": encryption.get("SSEType", "KMS")}
        if encryption.get("KMSMasterKeyId"):
            specification["KMSMasterKeyId"] = encryption["KMSMasterKeyId"]
        dynamodb._update_table({"TableName": name, "SSESpecification": specification})


def _function(name: str, properties: dict) -> None:
    """AWS: a function has the dead-letter queue and the reserved concurrency of the template. MiniStack: neither."""
    function = lambda_svc._functions.get(name)
    if not function:
        return
    if properties.get("DeadLetterConfig"):
        function["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
    reserved = properties.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)


def _role(name: str, properties: dict) -> None:
    """AWS: a role has the permissions boundary of the template. MiniStack: none, so the role may all its policies say."""
    role = iam._roles.get(name)
    if role:
        role["PermissionsBoundary"] = properties.get("PermissionsBoundary")


def _bucket(name: str, properties: dict) -> None:
    """AWS: a bucket has the Object Lock of the template. MiniStack: none, so what is kept for years can be deleted at once."""
    if not _is_true(properties.get("ObjectLockEnabled")):
        return
    rule = ((properties.get("ObjectLockConfiguration") or {}).get("Rule") or {}).get("DefaultRetention") or {}
    kept = "".join(f"<{field}>{rule[field]}</{field}>" for field in ("Mode", "Days", "Years") if field in rule)
    rule_element = f"<Rule><DefaultRetention>{kept}</DefaultRetention></Rule>" if kept else ""
    body = f'<ObjectLockConfiguration xmlns="{s3.S3_NS}"><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule_element}</ObjectLockConfiguration>'
    status, _, answer = s3._put_object_lock_configuration(name, body.encode())
    if status >= 400:
        raise ValueError(f"AWS::S3::Bucket ObjectLockConfiguration rejected: {answer!r}")
