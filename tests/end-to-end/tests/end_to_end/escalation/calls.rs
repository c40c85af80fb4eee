//! Real calls that open ways, and roles entered as their services enter them.

use end_to_end::cloud::Cloud;
use end_to_end::failure::Failure;
use end_to_end::signing::{Answered, Keys};
use end_to_end::stage::Stage;
use reqwest::Method;
use serde_json::{Value, json};

/// Name of everything that the calls are about, and of the user that enters clones.
const NAME: &str = "escalation-test";

/// What the calls are about: a user, a group, a policy; nobody's.
#[derive(Debug)]
pub(crate) struct Victim {
    policy: String,
    admin: String,
}

fn everything() -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}).to_string()
}

fn nothing() -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "none:Such", "Resource": "*"}]})
        .to_string()
}

impl Victim {
    /// Makes them.
    pub(crate) async fn make(root: &Cloud, account: &str, admin: &str) -> Result<Self, Failure> {
        let iam = root.iam();
        // What is left over from a test that was stopped is the same.
        let _ = iam.create_user().user_name(NAME).send().await;
        let _ = iam.create_group().group_name(NAME).send().await;
        let _ = iam.create_policy().policy_name(NAME).policy_document(nothing()).send().await;
        Ok(Self { policy: format!("arn:aws:iam::{account}:policy/{NAME}"), admin: admin.to_owned() })
    }
}

/// Whether IAM let it through, whatever became of it then.
fn let_through(answered: &Answered) -> bool {
    !["AccessDenied", "UnauthorizedOperation", "NotAuthorized"].iter().any(|code| answered.body.contains(code))
}

fn form(action: &str, version: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = [("Action", action), ("Version", version)];
    own.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Every call, and whether IAM let it through. What a call would do is harmless: policies that allow nothing, things that
/// do not exist.
pub(crate) async fn all(cloud: &Cloud, victim: &Victim) -> Result<Vec<(&'static str, bool)>, Failure> {
    let (policy, admin) = (victim.policy.as_str(), victim.admin.as_str());
    let role = admin.rsplit('/').next().unwrap_or_default();
    let (nothing, trust) = (nothing(), json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": admin.replace(&format!("role/{role}"), "root")}, "Action": "sts:AssumeRole"},
    ]}).to_string());
    let user = ("UserName", NAME);
    let mut answers = Vec::new();
    let iam: [(&'static str, Vec<(&str, &str)>); 14] = [
        ("CreatePolicyVersion", vec![("PolicyArn", policy), ("PolicyDocument", &nothing)]),
        ("CreateAccessKey", vec![user]),
        ("DeleteAccessKey", vec![user, ("AccessKeyId", "AKIA0000000000000000")]),
        ("CreateLoginProfile", vec![user, ("Password", "not-a-good-one-1A")]),
        ("UpdateLoginProfile", vec![user, ("Password", "not-a-good-one-1A")]),
        ("PutRolePolicy", vec![("RoleName", role), ("PolicyName", NAME), ("PolicyDocument", &nothing)]),
        ("PutUserPolicy", vec![user, ("PolicyName", NAME), ("PolicyDocument", &nothing)]),
        ("PutGroupPolicy", vec![("GroupName", NAME), ("PolicyName", NAME), ("PolicyDocument", &nothing)]),
        ("AttachUserPolicy", vec![user, ("PolicyArn", policy)]),
        ("AttachRolePolicy", vec![("RoleName", role), ("PolicyArn", policy)]),
        ("AttachGroupPolicy", vec![("GroupName", NAME), ("PolicyArn", policy)]),
        ("UpdateAssumeRolePolicy", vec![("RoleName", role), ("PolicyDocument", &trust)]),
        ("AddUserToGroup", vec![("GroupName", NAME), user]),
        ("CreateRole", vec![("RoleName", "not a name"), ("AssumeRolePolicyDocument", &trust)]),
    ];
    for (action, fields) in iam {
        answers.push((action, let_through(&cloud.query("iam", &form(action, "2010-05-08", &fields)).await?)));
    }
    let enter = form("AssumeRole", "2011-06-15", &[("RoleArn", admin), ("RoleSessionName", NAME)]);
    answers.push(("AssumeRole", let_through(&cloud.query("sts", &enter).await?)));
    let stack = form("UpdateStack", "2010-05-15", &[("StackName", NAME), ("TemplateBody", "{}"), ("RoleARN", admin)]);
    answers.push(("UpdateStack", let_through(&cloud.query("cloudformation", &stack).await?)));
    let instance = form("StopInstances", "2016-11-15", &[("InstanceId.1", "i-0123456789abcdef0")]);
    answers.push(("StopInstances", let_through(&cloud.query("ec2", &instance).await?)));
    for (action, method, path, body) in by_path(admin) {
        answers.push((action, let_through(&cloud.json("lambda", (method, &path, None), &body).await?)));
    }
    for (service, target, body) in by_header(admin) {
        let answered = cloud.json(service, (Method::POST, "/", Some(target)), &body).await?;
        answers.push((target.rsplit('.').next().unwrap_or_default(), let_through(&answered)));
    }
    Ok(answers)
}

fn by_path(admin: &str) -> [(&'static str, Method, String, Value); 3] {
    let functions = "/2015-03-31/functions";
    let function = json!({"FunctionName": NAME, "Role": admin, "Runtime": "none", "Handler": "x", "Code": {}});
    let open = json!({"StatementId": "x", "Action": "lambda:InvokeFunction", "Principal": "*"});
    [
        ("UpdateFunctionCode", Method::PUT, format!("{functions}/{NAME}/code"), json!({"ZipFile": ""})),
        ("CreateFunction", Method::POST, functions.to_owned(), function),
        ("AddPermission", Method::POST, format!("{functions}/{NAME}/policy"), open),
    ]
}

fn by_header(admin: &str) -> [(&'static str, &'static str, Value); 4] {
    let nowhere = json!({});
    [
        (
            "ssm",
            "AmazonSSM.SendCommand",
            json!({"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-0123456789abcdef0"]}),
        ),
        ("codebuild", "CodeBuild_20161006.StartBuild", json!({"projectName": NAME})),
        ("glue", "AWSGlue.CreateJob", json!({"Role": admin})),
        ("ecs", "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", nowhere),
    ]
}

/// Keys of a session of a role that has the same policies and the same boundary as the one named: roles of functions
/// themselves are entered by AWS alone.
pub(crate) async fn enter_clone(stage: &Stage, root: &Cloud, name: &str) -> Result<Keys, Failure> {
    let iam = root.iam();
    let failed = |doing: &'static str| move |error: aws_sdk_iam::Error| Failure::of(doing, &error);
    let (clone, user) = (format!("{NAME}-{name}"), format!("{NAME}-caller-{name}"));
    let account = &stage.outputs.account_id;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "sts:AssumeRole"},
    ]});
    remove_clone(root, &clone, &user).await;
    let role = iam.get_role().role_name(name).send().await.map_err(|error| failed("reading the role")(error.into()))?;
    let boundary =
        role.role().and_then(|role| role.permissions_boundary()).and_then(|one| one.permissions_boundary_arn());
    let make = iam.create_role().role_name(&clone).assume_role_policy_document(trust.to_string());
    make.set_permissions_boundary(boundary.map(str::to_owned))
        .send()
        .await
        .map_err(|error| failed("making a clone")(error.into()))?;
    let inline = iam.list_role_policies().role_name(name).send().await;
    for policy in inline.map_err(|error| failed("listing policies")(error.into()))?.policy_names() {
        let read = iam.get_role_policy().role_name(name).policy_name(policy).send().await;
        let read = read.map_err(|error| failed("reading a policy")(error.into()))?;
        let document = percent_encoding::percent_decode_str(read.policy_document()).decode_utf8_lossy().into_owned();
        let put = iam.put_role_policy().role_name(&clone).policy_name(policy).policy_document(document).send().await;
        put.map_err(|error| failed("writing a policy")(error.into()))?;
    }
    let attached = iam.list_attached_role_policies().role_name(name).send().await;
    for policy in attached.map_err(|error| failed("listing policies")(error.into()))?.attached_policies() {
        let attach = iam.attach_role_policy().role_name(&clone).policy_arn(policy.policy_arn().unwrap_or_default());
        attach.send().await.map_err(|error| failed("attaching a policy")(error.into()))?;
    }
    iam.create_user().user_name(&user).send().await.map_err(|error| failed("making a user")(error.into()))?;
    let put = iam.put_user_policy().user_name(&user).policy_name("enter").policy_document(everything()).send().await;
    put.map_err(|error| failed("writing a policy")(error.into()))?;
    let key = iam.create_access_key().user_name(&user).send().await;
    let key = key.map_err(|error| failed("making a key")(error.into()))?.access_key;
    let key = key.ok_or_else(|| Failure::new("no key"))?;
    let keys = Keys { access_key_id: key.access_key_id, secret_access_key: key.secret_access_key, session_token: None };
    let (answer, keys) = stage.cloud(keys)?.assume(&format!("arn:aws:iam::{account}:role/{clone}"), None).await;
    keys.ok_or_else(|| Failure::new(format!("{clone} can't be entered: {answer}")))
}

/// Whatever is there of a clone and of who enters it.
async fn remove_clone(root: &Cloud, clone: &str, user: &str) {
    let iam = root.iam();
    let inline = iam.list_role_policies().role_name(clone).send().await;
    for policy in inline.map(|answer| answer.policy_names).unwrap_or_default() {
        let _ = iam.delete_role_policy().role_name(clone).policy_name(policy).send().await;
    }
    let attached = iam.list_attached_role_policies().role_name(clone).send().await;
    for policy in attached.ok().and_then(|answer| answer.attached_policies).unwrap_or_default() {
        let arn = policy.policy_arn.unwrap_or_default();
        let _ = iam.detach_role_policy().role_name(clone).policy_arn(arn).send().await;
    }
    let _ = iam.delete_role().role_name(clone).send().await;
    remove_user(root, user).await;
}

async fn remove_user(root: &Cloud, user: &str) {
    let iam = root.iam();
    let keys = iam.list_access_keys().user_name(user).send().await;
    for key in keys.map(|answer| answer.access_key_metadata).unwrap_or_default() {
        let _ = iam.delete_access_key().user_name(user).set_access_key_id(key.access_key_id).send().await;
    }
    for policy in ["enter", NAME] {
        let _ = iam.delete_user_policy().user_name(user).policy_name(policy).send().await;
    }
    let _ = iam.delete_user().user_name(user).send().await;
}

impl Victim {
    /// Takes all of it out again, clones included.
    pub(crate) async fn remove(&self, root: &Cloud, roles: &[&str]) {
        let iam = root.iam();
        for name in roles {
            remove_clone(root, &format!("{NAME}-{name}"), &format!("{NAME}-caller-{name}")).await;
        }
        let _ = iam.remove_user_from_group().group_name(NAME).user_name(NAME).send().await;
        let _ = iam.delete_login_profile().user_name(NAME).send().await;
        let _ = iam.detach_user_policy().user_name(NAME).policy_arn(&self.policy).send().await;
        let _ = iam.detach_group_policy().group_name(NAME).policy_arn(&self.policy).send().await;
        let _ = iam.delete_group_policy().group_name(NAME).policy_name(NAME).send().await;
        let _ = iam.delete_group().group_name(NAME).send().await;
        let role = self.admin.rsplit('/').next().unwrap_or_default();
        let _ = iam.detach_role_policy().role_name(role).policy_arn(&self.policy).send().await;
        let _ = iam.delete_role_policy().role_name(role).policy_name(NAME).send().await;
        remove_user(root, NAME).await;
        let versions = iam.list_policy_versions().policy_arn(&self.policy).send().await;
        for version in versions.ok().and_then(|answer| answer.versions).unwrap_or_default() {
            let id = version.version_id.unwrap_or_default();
            let _ = iam.delete_policy_version().policy_arn(&self.policy).version_id(id).send().await;
        }
        let _ = iam.delete_policy().policy_arn(&self.policy).send().await;
    }
}
