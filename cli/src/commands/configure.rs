//! `configure`: writes an AWS profile for a grant, so that every AWS tool can use it.

use crate::api::Api;
use crate::aws_files::{config_file, write_profile};
use crate::connection::{API_URL, SOURCE_PROFILE};
use crate::failure::{Answer, Exit, Failure};
use crate::grants::GrantName;
use crate::show::text;
use clap::Args;
use serde_json::{Value, json};

/// Which profile to write.
#[derive(Debug, Args)]
pub(crate) struct Configure {
    /// The request's id, or an entitlement: then the profile serves whichever grant of it you have.
    grant: GrantName,
    /// The profile's name. Else: as the grant was named here.
    #[arg(long, value_parser = profile_name)]
    name: Option<String>,
    /// For `role` grants: the MFA device of the user that assumes the role.
    #[arg(long, value_name = "ARN", value_parser = one_line)]
    mfa_serial: Option<String>,
    /// Replace a profile of this name that countersign did not write.
    #[arg(long)]
    force: bool,
}

fn profile_name(text: &str) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.@+".contains(c);
    let good = !text.is_empty() && text.len() <= 128 && text.chars().all(legal);
    good.then(|| text.to_owned()).ok_or_else(|| "1 to 128 of A-Z, a-z, 0-9, `-`, `_`, `.`, `@`, `+`".to_owned())
}

fn one_line(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    good.then(|| text.to_owned()).ok_or_else(|| "no spaces, no line breaks".to_owned())
}

/// Writes the profile.
///
/// # Errors
/// There is no such grant, no answer, or the file can't be written.
pub(crate) async fn configure(api: &Api, wanted: &Configure) -> Result<Answer, Failure> {
    let name = wanted.name.clone().unwrap_or_else(|| wanted.grant.to_string());
    let connection = api.connection();
    if name == connection.profile {
        let sentence = format!("the profile `{name}` signs for the grant; it can't be the grant's as well");
        return Err(Failure::new(Exit::Usage, "own_source", sentence).advise("Give another --name."));
    }
    let mut settings = match &wanted.grant {
        GrantName::Request(id) => {
            let request = api.get(&format!("/v1/requests/{id}")).await?;
            match text(&request, "mechanism") {
                "role" => role(&request, &connection.profile, wanted.mfa_serial.as_deref())?,
                _ => process(&wanted.grant, &name)?,
            }
        }
        GrantName::Entitlement(entitlement) => {
            let (list, _) = api.list("/v1/entitlements", &[], 1_000, |_| false).await?;
            let found = list.iter().find(|one| text(one, "name") == entitlement.as_str()).ok_or_else(|| {
                Failure::new(Exit::NotFound, "unknown_entitlement", format!("there is no {entitlement} for you"))
                    .advise("`countersign entitlements` lists what you may ask for.")
            })?;
            if text(found, "mechanism") == "role" {
                let sentence = format!("each grant of {entitlement} is a role of its own");
                return Err(Failure::new(Exit::Usage, "role_of_its_own", sentence)
                    .advise("Name the request: `countersign configure <id>`."));
            }
            process(&wanted.grant, &name)?
        }
    };
    if let Some(region) = &connection.own_region {
        settings.push(("region", region.clone()));
    }
    settings.push((SOURCE_PROFILE, connection.profile.clone()));
    settings.push((API_URL, connection.url.clone()));
    let file = config_file()?;
    write_profile(&file, &name, &settings, wanted.force)?;
    let human = format!("{} has the profile {name}: `aws --profile {name} …`", file.display());
    Ok(Answer::new(human, json!({"profile": name, "file": file.display().to_string()})))
}

/// AWS's tools call this program, which finds everything else in the profile.
fn process(grant: &GrantName, name: &str) -> Result<Vec<(&'static str, String)>, Failure> {
    let here = std::env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok());
    // Some of AWS's tools have a shell read the line.
    let plain = |path: &String| !path.chars().any(|c| c.is_control() || "\"\\$`".contains(c));
    let here = here.filter(plain).ok_or_else(|| {
        Failure::new(Exit::Failed, "no_path", "where this program is can't be written into an AWS profile")
    })?;
    Ok(vec![("credential_process", format!("\"{here}\" --profile {name} credentials {grant}"))])
}

/// AWS's tools assume the role themselves, with the caller's own identity and second factor.
fn role(request: &Value, source: &str, mfa: Option<&str>) -> Result<Vec<(&'static str, String)>, Failure> {
    let arn = request.get("access").map(|access| text(access, "roleArn")).unwrap_or_default();
    if text(request, "status") != "active" || one_line(arn).is_err() {
        let sentence =
            format!("{} is {}; there is no role yet, or no more", text(request, "id"), text(request, "status"));
        return Err(Failure::new(Exit::Refused, "not_active", sentence));
    }
    let mut settings = vec![("role_arn", arn.to_owned()), ("source_profile", source.to_owned())];
    if let Some(mfa) = mfa {
        settings.push(("mfa_serial", mfa.to_owned()));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_break_the_file_are_refused() {
        for good in ["orders", "a.b-c_d@e+f", "req_0198c0ffee0070000000000000000004"] {
            assert!(profile_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "x]\n[default", "\u{e9}", &"x".repeat(129)] {
            assert!(profile_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_role_is_assumed_by_the_profile_that_signs() {
        let request = json!({"id": "req_x", "status": "active",
            "access": {"roleArn": "arn:aws:iam::111111111111:role/countersign/req_x"}});
        let settings = role(&request, "work", Some("arn:aws:iam::111111111111:mfa/alice")).unwrap();
        let keys: Vec<&str> = settings.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["role_arn", "source_profile", "mfa_serial"]);
        assert_eq!(role(&json!({"status": "pending"}), "work", None).unwrap_err().exit, Exit::Refused);
    }
}
