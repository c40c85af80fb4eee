"""CloudFormation: what a template says is what is made."""

import json

from checks.world import allow, package, policy, unique, until

TEMPLATE = {
    "Parameters": {"Bucket": {"Type": "String"}},
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True},
        }},
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {"PasswordLength": 32}}},
        "Dead": {"Type": "AWS::SQS::Queue"},
        "Boundary": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": json.loads(policy(allow("s3:*")))}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {
            "PermissionsBoundary": {"Ref": "Boundary"},
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
            },
        }},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {
            "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": {"Ref": "Bucket"}, "S3Key": "code.zip"}, "ReservedConcurrentExecutions": 5,
            "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}},
        }},
    },
    "Outputs": {name: {"Value": {"Ref": name}} for name in ("Table", "Secret", "Function", "Role", "Boundary")},
}


def properties_are_applied_at_create_and_kept_at_update(world):
    cloudformation, s3, bucket, stack = world.client("cloudformation"), world.client("s3"), unique("bucket"), unique("stack")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="code.zip", Body=package())
    call = {
        "StackName": stack, "Capabilities": ["CAPABILITY_IAM"],
        "Parameters": [{"ParameterKey": "Bucket", "ParameterValue": bucket}],
    }

    def settled():
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        return None if found["StackStatus"].endswith("_IN_PROGRESS") else found

    cloudformation.create_stack(TemplateBody=json.dumps(TEMPLATE), **call)
    first = _check(world, until(settled))
    changed = json.loads(json.dumps(TEMPLATE))
    changed["Resources"]["Function"]["Properties"]["Timeout"] = 7
    changed["Resources"]["Secret"]["Properties"]["Description"] = "changed"
    cloudformation.update_stack(TemplateBody=json.dumps(changed), **call)
    assert _check(world, until(settled)) == first
    cloudformation.delete_stack(StackName=stack)
    until(lambda: not world.client("secretsmanager").list_secrets(Filters=[{"Key": "name", "Values": [stack]}])["SecretList"])


def _check(world, stack) -> dict:
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), stack
    made = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    dynamodb, functions = world.client("dynamodb"), world.client("lambda")
    table = {"TableName": made["Table"]}
    assert dynamodb.describe_time_to_live(**table)["TimeToLiveDescription"]["AttributeName"] == "ttl"
    backups = dynamodb.describe_continuous_backups(**table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED", backups
    assert dynamodb.describe_table(**table)["Table"]["SSEDescription"]["Status"] == "ENABLED"
    assert made["Secret"].startswith("arn:aws:secretsmanager:"), made
    assert world.client("secretsmanager").get_secret_value(SecretId=made["Secret"])["SecretString"]
    assert functions.get_function_concurrency(FunctionName=made["Function"])["ReservedConcurrentExecutions"] == 5
    assert functions.get_function_configuration(FunctionName=made["Function"])["DeadLetterConfig"]["TargetArn"]
    role = world.client("iam").get_role(RoleName=made["Role"])["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == made["Boundary"], role
    return made
