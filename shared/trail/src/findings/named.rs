//! Actions that the rules know by name: what somebody who hides, stays or lets others in would call. IAM actions, as the
//! Service Authorization Reference writes them; a test holds that it knows each.

/// Turns recording or watching off by itself.
pub(super) const STOPS_LOGGING: [&str; 24] = [
    "access-analyzer:DeleteAnalyzer",
    "cloudtrail:DeleteEventDataStore",
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopEventDataStoreIngestion",
    "cloudtrail:StopLogging",
    "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel",
    "config:StopConfigurationRecorder",
    "detective:DeleteGraph",
    "ec2:DeleteFlowLogs",
    "guardduty:DeleteDetector",
    "guardduty:DeleteMembers",
    "guardduty:DeletePublishingDestination",
    "guardduty:DisassociateFromAdministratorAccount",
    "guardduty:DisassociateFromMasterAccount",
    "guardduty:DisassociateMembers",
    "guardduty:StopMonitoringMembers",
    "inspector2:Disable",
    "logs:DeleteLogGroup",
    "logs:DeleteLogStream",
    "macie2:DisableMacie",
    "route53resolver:DeleteResolverQueryLogConfig",
    "securityhub:DisableSecurityHub",
    "wafv2:DeleteLoggingConfiguration",
];

/// May turn it off, or may be ordinary work: what was changed is in the record.
pub(super) const CHANGES_LOGGING: [&str; 9] = [
    "cloudtrail:PutEventSelectors",
    "cloudtrail:UpdateEventDataStore",
    "cloudtrail:UpdateTrail",
    "guardduty:UpdateDetector",
    "guardduty:UpdateMemberDetectors",
    "logs:DeleteSubscriptionFilter",
    "logs:PutRetentionPolicy",
    "route53resolver:DisassociateResolverQueryLogConfig",
    "s3:PutBucketLogging",
];

/// Makes a way in that lives on when the grant is over. Reading a stored secret is not here: it is a read, counted as such.
pub(super) const NEW_CREDENTIALS: [&str; 32] = [
    "appsync:CreateApiKey",
    "cognito-identity:GetCredentialsForIdentity",
    "ec2-instance-connect:SendSSHPublicKey",
    "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
    "ec2:CreateKeyPair",
    "ec2:GetPasswordData",
    "ec2:ImportKeyPair",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateServiceSpecificCredential",
    "iam:CreateUser",
    "iam:CreateVirtualMFADevice",
    "iam:DeactivateMFADevice",
    "iam:EnableMFADevice",
    "iam:ResetServiceSpecificCredential",
    "iam:UpdateAccessKey",
    "iam:UpdateLoginProfile",
    "iam:UploadSSHPublicKey",
    "iam:UploadSigningCertificate",
    "identitystore:CreateUser",
    "iot:CreateKeysAndCertificate",
    "lightsail:CreateKeyPair",
    "lightsail:DownloadDefaultKeyPair",
    "lightsail:GetInstanceAccessDetails",
    "redshift:GetClusterCredentials",
    "redshift:GetClusterCredentialsWithIAM",
    "ssm:CreateActivation",
    "sso-directory:CreateUser",
    "sts:AssumeRoot",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
    "transfer:ImportSshPublicKey",
];

/// Lets somebody in who was not: another account, a provider of identities, everybody.
pub(super) const NEW_TRUST: [&str; 54] = [
    "backup:PutBackupVaultAccessPolicy",
    "cloudtrail:PutResourcePolicy",
    "codeartifact:PutRepositoryPermissionsPolicy",
    "codebuild:PutResourcePolicy",
    "dynamodb:PutResourcePolicy",
    "ec2:ModifyFpgaImageAttribute",
    "ec2:ModifyImageAttribute",
    "ec2:ModifySnapshotAttribute",
    "ecr-public:SetRepositoryPolicy",
    "ecr:SetRepositoryPolicy",
    "eks:AssociateAccessPolicy",
    "eks:CreateAccessEntry",
    "elasticfilesystem:PutFileSystemPolicy",
    "events:PutPermission",
    "glue:PutResourcePolicy",
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:CreateOpenIDConnectProvider",
    "iam:CreateRole",
    "iam:CreateSAMLProvider",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateOpenIDConnectProviderThumbprint",
    "iam:UpdateSAMLProvider",
    "kinesis:PutResourcePolicy",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "lambda:AddLayerVersionPermission",
    "lambda:AddPermission",
    "lambda:CreateFunctionUrlConfig",
    "lambda:UpdateFunctionUrlConfig",
    "logs:PutDestinationPolicy",
    "logs:PutResourcePolicy",
    "organizations:InviteAccountToOrganization",
    "ram:AssociateResourceShare",
    "ram:CreateResourceShare",
    "rds:ModifyDBClusterSnapshotAttribute",
    "rds:ModifyDBSnapshotAttribute",
    "redshift:AuthorizeSnapshotAccess",
    "rolesanywhere:CreateProfile",
    "rolesanywhere:CreateTrustAnchor",
    "s3:PutAccessPointPolicy",
    "s3:PutAccountPublicAccessBlock",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutObjectAcl",
    "s3:PutReplicationConfiguration",
    "secretsmanager:PutResourcePolicy",
    "signer:AddProfilePermission",
    "sns:AddPermission",
    "sqs:AddPermission",
    "ssm:ModifyDocumentPermission",
    "ssm:PutResourcePolicy",
    "sso:CreateAccountAssignment",
    "vpc-lattice:PutResourcePolicy",
];

/// Answered whatever the caller may do, even where a policy denies it, so that nobody needs to be granted it.
/// Source: STS API reference, `GetCallerIdentity`: "No permissions are required to perform this operation."
pub(super) const NEVER_CHECKED: [&str; 1] = ["sts:GetCallerIdentity"];

/// Answers with stored secrets. Each secret counts once.
pub(super) const READS_SECRETS: [&str; 6] = [
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
];

/// Whether `list` holds this action. IAM's actions have no case.
pub(super) fn among(list: &[&str], action: &str) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(action))
}
