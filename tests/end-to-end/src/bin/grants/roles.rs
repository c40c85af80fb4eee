//! More base roles and target roles, as the sample ones are: a role has room for some thirty early ends, or twenty
//! policies, at once.

use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use percent_encoding::percent_decode_str;

/// How many of each there are; `xtask` names as many in the catalog.
pub(crate) const ROLES: usize = 16;

/// Makes `<name>-0`, `<name>-1`… under `path`, each with the trust, the boundary and the inline policies of `model`.
///
/// # Errors
/// IAM does not answer, or refuses.
pub(crate) async fn copy(stage: &Stage, model: &str, path: &str, name: &str) -> Result<(), Failure> {
    let iam = stage.root()?.iam();
    let failed = |what: &'static str| move |error: &str| Failure::new(format!("{what}: {error}"));
    let found = iam.get_role().role_name(model).send().await;
    let found = found.map_err(|error| Failure::of("reading the role", &error))?;
    let role = found.role().ok_or_else(|| failed("reading the role")("nothing was answered"))?;
    let trust = decoded(role.assume_role_policy_document().unwrap_or_default());
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    let listed = iam.list_role_policies().role_name(model).send().await;
    let listed = listed.map_err(|error| Failure::of("listing its policies", &error))?;
    let mut policies = Vec::new();
    for policy in listed.policy_names() {
        let read = iam.get_role_policy().role_name(model).policy_name(policy).send().await;
        let read = read.map_err(|error| Failure::of("reading its policy", &error))?;
        policies.push((policy.clone(), decoded(read.policy_document())));
    }
    for nth in 0..ROLES {
        let one = format!("{name}-{nth}");
        let made = iam.create_role().path(path).role_name(&one).assume_role_policy_document(&trust);
        let made = made.set_permissions_boundary(boundary.map(str::to_owned)).send().await;
        made.map_err(|error| Failure::of("making a role", &error))?;
        for (policy, document) in &policies {
            let put = iam.put_role_policy().role_name(&one).policy_name(policy).policy_document(document).send().await;
            put.map_err(|error| Failure::of("writing its policy", &error))?;
        }
    }
    Ok(())
}

fn decoded(document: &str) -> String {
    percent_decode_str(document).decode_utf8_lossy().into_owned()
}
