"""Keys that sign, and who may sign with them."""

import base64
import json

from cryptography.hazmat.primitives.serialization import load_der_public_key

from checks.world import allow, deny, refused, unique, until


def _key(world, *statements):
    """An Ed25519 key by CloudFormation, with this policy."""
    name, cloudformation = unique("key"), world.client("cloudformation")
    template = {"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {
        "KeySpec": "ECC_NIST_EDWARDS25519", "KeyUsage": "SIGN_VERIFY",
        "KeyPolicy": {"Version": "2012-10-17", "Statement": list(statements)},
    }}}, "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    return until(lambda: cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs"))[0]["OutputValue"]


def _sign(kms, arn):
    return kms.sign(KeyId=arn, Message=b"log\n1\n", MessageType="RAW", SigningAlgorithm="ED25519_SHA_512")


def a_signature_is_plain_ed25519(world):
    kms, arn = world.client("kms"), _key(world, allow("kms:*", Principal={"AWS": "arn:aws:iam::111111111111:root"}))
    public = load_der_public_key(kms.get_public_key(KeyId=arn)["PublicKey"])
    public.verify(_sign(kms, arn)["Signature"], b"log\n1\n")
    assert len(base64.b64encode(public.public_bytes_raw())) == 44


def only_who_the_keys_policy_names_signs(world):
    signer_keys, signer = world.user()
    admin_keys, _ = world.user(allow("*"))
    arn = _key(
        world,
        allow(["kms:Sign", "kms:GetPublicKey"], Principal={"AWS": signer}),
        allow(["kms:DescribeKey", "kms:GetPublicKey"], Principal={"AWS": "arn:aws:iam::111111111111:root"}),
        deny("kms:Sign", Principal="*", Condition={"ArnNotEquals": {"aws:PrincipalArn": signer}}),
    )
    _sign(world.client("kms", signer_keys), arn)
    admin = world.client("kms", admin_keys)
    admin.get_public_key(KeyId=arn)
    refused("AccessDenied", _sign, admin, arn)
