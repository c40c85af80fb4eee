//! Nobody takes anything out of the log, puts anything over it, or signs for it.

use std::time::Duration;

use end_to_end::cloud::Cloud;
use end_to_end::failure::Failure;
use end_to_end::log::Log;
use end_to_end::signing::Keys;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;
use reqwest::Method;
use serde_json::{Value, json};

/// An IAM user who may do everything in the account of `root`.
async fn administrator(stage: &Stage, root: &Cloud, name: &str) -> Result<Cloud, Failure> {
    let failed = |error: &dyn std::error::Error| Failure::of("making an administrator", error);
    // Left over from a test that was stopped, it is the same.
    let _ = root.iam().create_user().user_name(name).send().await;
    let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let put = root.iam().put_user_policy().user_name(name).policy_name("everything").policy_document(all.to_string());
    put.send().await.map_err(|error| failed(&error))?;
    let made = root.iam().create_access_key().user_name(name).send().await.map_err(|error| failed(&error))?;
    let key = made.access_key.ok_or_else(|| Failure::new("there is no key"))?;
    stage.cloud(Keys {
        access_key_id: key.access_key_id,
        secret_access_key: key.secret_access_key,
        session_token: None,
    })
}

/// The role of a function of ours, entered by an administrator who lets themselves in: as bad as it gets.
async fn entered(root: &Cloud, admin: &Cloud, account: &str, role: &str) -> Result<Keys, Failure> {
    let trust = |more: &[Value]| {
        let own =
            json!({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"});
        let all: Vec<Value> = [&[own], more].concat();
        json!({"Version": "2012-10-17", "Statement": all}).to_string()
    };
    let all = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "sts:AssumeRole"});
    let change =
        |document: String| root.iam().update_assume_role_policy().role_name(role).policy_document(document).send();
    let arn = format!("arn:aws:iam::{account}:role/countersign-system/{role}");
    // Another of these tests may shut the same role again between the two calls: then it is opened once more.
    until(&format!("{role} is entered"), Duration::from_mins(1), || async {
        change(trust(std::slice::from_ref(&all))).await.map_err(|error| Failure::of("letting somebody in", &error))?;
        let (answer, keys) = admin.assume(&arn, None).await;
        change(trust(&[])).await.map_err(|error| Failure::of("letting nobody in", &error))?;
        match keys {
            None if answer.is_denied() => Ok(None),
            None => Err(Failure::new(format!("{role} was not entered: {answer}"))),
            keys => Ok(keys),
        }
    })
    .await
}

/// The versions of an object, the newest first.
async fn version(cloud: &Cloud, bucket: &str, key: &str) -> Result<String, Failure> {
    let listed = cloud.s3(Method::GET, &format!("{bucket}?prefix={key}&versions="), &[], b"").await?;
    let id = listed.body.split_once("<VersionId>").and_then(|(_, rest)| rest.split_once('<'));
    id.map(|(id, _)| id.to_owned()).ok_or_else(|| Failure::new(format!("{key} has no versions: {}", listed.body)))
}

#[track_caller]
fn denied(answer: &end_to_end::signing::Answered, what: &str) {
    assert_eq!(answer.status, 403, "{what}: {}", answer.body);
}

async fn sign(cloud: &Cloud, arn: &str) -> Result<String, Failure> {
    let body =
        json!({"KeyId": arn, "Message": "Zm9yZ2VkCg==", "MessageType": "RAW", "SigningAlgorithm": "ED25519_SHA_512"});
    let answered = cloud.json("kms", (Method::POST, "/", Some("TrentService.Sign")), &body).await?;
    Ok(if answered.status == 200 { "signed".to_owned() } else { answered.body })
}

#[tokio::test]
async fn an_anchor_stays_whoever_wants_it_gone() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let (log, outputs) = (Log::of(&stage)?, &stage.outputs);
    let archive = outputs.log_archive.get("accountId").map_or("", String::as_str);
    let (root, archive_root) = (stage.root()?, stage.root_of(archive)?);
    let admin = administrator(&stage, &root, "audit-test-admin").await?;
    let archive_admin = administrator(&stage, &archive_root, "audit-test-admin").await?;
    let audit = stage.cloud(entered(&root, &admin, &outputs.account_id, "countersign-audit").await?)?;

    let size = log.anchored_size().await?;
    let key = format!("anchors/{size:020}");
    let path = format!("{}/{key}", outputs.anchor_bucket);
    let before = log.anchor(&key).await?;
    assert!(before.is_some());
    let version = version(&archive_root, &outputs.anchor_bucket, &key).await?;
    let that = format!("{path}?versionId={version}");
    let let_go = ("x-amz-bypass-governance-retention", "true");
    for (who, cloud) in [
        ("the audit function", &audit),
        ("an administrator of the hub", &admin),
        ("one of the archive", &archive_admin),
    ] {
        denied(&cloud.s3(Method::DELETE, &path, &[], b"").await?, who);
        denied(&cloud.s3(Method::DELETE, &that, &[let_go], b"").await?, who);
        denied(&cloud.s3(Method::PUT, &path, &[], b"another").await?, who);
        let once = cloud.s3(Method::PUT, &path, &[("if-none-match", "*")], b"another").await?;
        assert!([403, 412].contains(&once.status), "{who}: {} {}", once.status, once.body);
        let shorter = b"<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>COMPLIANCE</Mode><RetainUntilDate>2026-01-01T00:00:00Z</RetainUntilDate></Retention>";
        denied(&cloud.s3(Method::PUT, &format!("{that}&retention="), &[], shorter).await?, who);
    }
    // Root is asked nothing by policies here, as if it had changed them: what is locked stays.
    denied(&archive_root.s3(Method::DELETE, &that, &[let_go], b"").await?, "root");
    assert_eq!(log.anchor(&key).await?, before);
    Ok(())
}

#[tokio::test]
async fn the_log_is_written_once_and_by_one() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let (log, outputs) = (Log::of(&stage)?, &stage.outputs);
    let root = stage.root()?;
    let admin = administrator(&stage, &root, "audit-test-writer").await?;
    let audit = stage.cloud(entered(&root, &admin, &outputs.account_id, "countersign-audit").await?)?;
    let size = log.checkpoint().await?.checkpoint.size();
    let tile = record::tile::Tile::at(record::tile::Holds::Hashes(0), 0, size).map(|tile| tile.to_string());
    let tile = tile.ok_or_else(|| Failure::new("the log is empty"))?;
    let path = format!("{}/{tile}", outputs.log_bucket);
    let before = log.file(&tile).await?;
    for (who, cloud) in [("the audit function", &audit), ("an administrator", &admin)] {
        denied(&cloud.s3(Method::DELETE, &path, &[], b"").await?, who);
        denied(&cloud.s3(Method::PUT, &path, &[], b"another").await?, who);
        let once = cloud.s3(Method::PUT, &path, &[("if-none-match", "*")], b"another").await?;
        assert_eq!(once.status, 412, "{who}: {}", once.body);
    }
    assert_eq!(log.file(&tile).await?, before);

    // Who is not the audit function signs nothing, whatever IAM lets them.
    let key = outputs.stack_outputs.get("LogKeyArn").map_or("", String::as_str);
    assert_eq!(sign(&audit, key).await?, "signed");
    for role in ["countersign-publication", "countersign-reconciliation"] {
        let keys = entered(&root, &admin, &outputs.account_id, role).await?;
        assert!(sign(&stage.cloud(keys)?, key).await?.contains("AccessDenied"), "{role}");
    }
    assert!(sign(&admin, key).await?.contains("AccessDenied"));
    let archive = outputs.log_archive.get("accountId").map_or("", String::as_str);
    let archive_admin = administrator(&stage, &stage.root_of(archive)?, "audit-test-signer").await?;
    let witness = outputs.log_archive.get("WitnessKeyArn").map_or("", String::as_str);
    assert!(sign(&archive_admin, witness).await?.contains("AccessDenied"));
    assert!(sign(&audit, witness).await?.contains("AccessDenied"));
    Ok(())
}

/// The audit function keeps the log. It can't change a request, grant or end anything, or read what it need not.
#[tokio::test]
async fn who_keeps_the_log_can_do_nothing_else() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let outputs = &stage.outputs;
    let root = stage.root()?;
    let admin = administrator(&stage, &root, "audit-test-keeper").await?;
    let audit = stage.cloud(entered(&root, &admin, &outputs.account_id, "countersign-audit").await?)?;
    let id = crate::logs_read(&stage).await?;
    let table = &outputs.table_name;
    let item = |pk: &str, sk: &str| json!({"pk": {"S": pk}, "sk": {"S": sk}});
    let of = |name: &str| format!("DynamoDB_20120810.{name}");
    let request = format!("REQ#{id}");
    let forbidden = [
        ("PutItem", json!({"TableName": table, "Item": item(&request, "STATE")})),
        ("PutItem", json!({"TableName": table, "Item": item(&request, "EVENT#000001")})),
        ("PutItem", json!({"TableName": table, "Item": item("POLICY", "ACTIVE")})),
        ("PutItem", json!({"TableName": table, "Item": item("BARRED#alice", "BAR")})),
        ("DeleteItem", json!({"TableName": table, "Key": item(&request, "EVENT#000001")})),
        ("DeleteItem", json!({"TableName": table, "Key": item("LOG", "HEAD")})),
        ("GetItem", json!({"TableName": table, "Key": item("POLICY", "ACTIVE")})),
        ("Scan", json!({"TableName": table})),
        ("GetItem", json!({"TableName": "orders", "Key": {"id": {"S": "order-1001"}}})),
    ];
    for (name, body) in forbidden {
        let answered = audit.json("dynamodb", (Method::POST, "/", Some(&of(name))), &body).await?;
        assert!(answered.body.contains("AccessDenied"), "{name} {body}: {}", answered.body);
    }
    let read = json!({"TableName": table, "Key": item(&request, "STATE")});
    assert_eq!(audit.json("dynamodb", (Method::POST, "/", Some(&of("GetItem"))), &read).await?.status, 200);
    let key = outputs.stack_outputs.get("LogKeyArn").map_or("", String::as_str);
    for name in ["PutKeyPolicy", "CreateGrant", "DisableKey", "ScheduleKeyDeletion"] {
        let body = json!({"KeyId": key, "PolicyName": "default", "Policy": "{}", "GranteePrincipal": "x", "Operations": ["Sign"]});
        let answered = audit.json("kms", (Method::POST, "/", Some(&format!("TrentService.{name}"))), &body).await?;
        assert!(answered.body.contains("AccessDenied"), "{name}: {}", answered.body);
    }
    // It sees what code runs, and changes none.
    let grant = format!("/2015-03-31/functions/{}-grant", outputs.stack_name);
    for (method, path, body) in [
        (Method::GET, grant.clone(), json!({})),
        (Method::PUT, format!("{grant}/code"), json!({"ZipFile": "UEs="})),
        (Method::PUT, format!("{grant}/configuration"), json!({"Timeout": 3})),
        (Method::POST, format!("{grant}/invocations"), json!({})),
    ] {
        denied(&audit.json("lambda", (method, &path, None), &body).await?, &path);
    }
    let read = audit.json("lambda", (Method::GET, &format!("{grant}/configuration"), None), &json!({})).await?;
    assert_eq!(read.status, 200, "{}", read.body);
    let bucket = &outputs.anchor_bucket;
    for key in ["cosigned/00000000000000000001", "witness/checkpoint", "elsewhere"] {
        denied(&audit.s3(Method::PUT, &format!("{bucket}/{key}"), &[("if-none-match", "*")], b"x").await?, key);
    }
    assert!(audit.create_user("audit-test-nobody").await.is_denied());
    Ok(())
}
