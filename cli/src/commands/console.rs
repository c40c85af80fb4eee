//! `console`: opens the AWS console with a session of a grant.
//!
//! The address that opens it is a secret for 15 minutes: whoever has it is in. It goes to the browser, and is printed
//! only if that was asked for.

use crate::api::{Api, chain};
use crate::failure::{Answer, Exit, Failure};
use crate::grants::{Credentials, GrantName};
use crate::show::text;
use clap::Args;
use serde_json::{Value, json};

/// What to open.
#[derive(Debug, Args)]
pub(crate) struct Console {
    /// The request's id, or an entitlement: then your active grant of it.
    grant: GrantName,
    /// Print the address instead of opening it. Whoever has it is in, for 15 minutes.
    #[arg(long)]
    print: bool,
    /// The page of the console to open.
    #[arg(long, value_name = "URL", value_parser = https)]
    destination: Option<String>,
    /// Where AWS's federation is. Else: that of the region's partition.
    #[arg(long, env = "COUNTERSIGN_FEDERATION_URL", value_name = "URL", value_parser = endpoint, hide_env_values = true)]
    federation_url: Option<String>,
}

fn https(text: &str) -> Result<String, String> {
    let good = reqwest::Url::parse(text).is_ok_and(|url| url.scheme() == "https");
    good.then(|| text.to_owned()).ok_or_else(|| "an https address".to_owned())
}

/// Credentials are sent there: not in the clear, except on this very machine.
fn endpoint(text: &str) -> Result<String, String> {
    let parsed = reqwest::Url::parse(text).map_err(|error| error.to_string())?;
    let here = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let good = parsed.scheme() == "https" || (parsed.scheme() == "http" && here);
    good.then(|| text.to_owned()).ok_or_else(|| "an https address".to_owned())
}

/// The federation endpoint and the console of a region's partition.
/// Source: IAM user guide, enabling custom identity broker access to the AWS console; the guides of AWS's other partitions.
fn partition(region: &str) -> (&'static str, &'static str) {
    if region.starts_with("us-gov-") {
        ("https://signin.amazonaws-us-gov.com/federation", "https://console.amazonaws-us-gov.com/")
    } else if region.starts_with("cn-") {
        ("https://signin.amazonaws.cn/federation", "https://console.amazonaws.cn/")
    } else {
        ("https://signin.aws.amazon.com/federation", "https://console.aws.amazon.com/")
    }
}

/// Opens the console, or prints where it is.
///
/// # Errors
/// There is no access, no answer, or no browser.
pub(crate) async fn console(api: &Api, wanted: &Console) -> Result<Answer, Failure> {
    let id = wanted.grant.id(api).await?;
    let session = Credentials::issue(api, &id).await?;
    let (federation, console) = partition(&api.connection().region);
    let federation = wanted.federation_url.as_deref().unwrap_or(federation);
    let token = signin_token(api, federation, &session).await?;
    let destination = wanted.destination.as_deref().unwrap_or(console);
    let url = login(federation, destination, &api.connection().url, &token);
    if wanted.print {
        return Ok(Answer::new(url.clone(), json!({"url": url})));
    }
    // What went wrong is told without the address.
    open::that_detached(&url).map_err(|error| {
        Failure::new(Exit::Failed, "no_browser", format!("can't open a browser: {}", error.kind()))
            .advise("--print prints the address instead. Whoever has it is in, for 15 minutes.")
    })?;
    Ok(Answer::new(
        format!("the console opens in your browser; the access ends by {}", session.expiration),
        json!({"opened": true}),
    ))
}

/// Without `SessionDuration`: AWS refuses it for a session that a role made, as ours is.
async fn signin_token(api: &Api, federation: &str, session: &Credentials) -> Result<String, Failure> {
    let keys = json!({
        "sessionId": session.access_key_id,
        "sessionKey": session.secret_access_key,
        "sessionToken": session.session_token,
    });
    let keys = keys.to_string();
    let url = with_query(federation, &[("Action", "getSigninToken"), ("Session", &keys)]);
    // The address holds the session: no error may tell it.
    let lost = |error: reqwest::Error| {
        let sentence = format!("no answer from AWS's federation endpoint: {}", chain(&error.without_url()));
        Failure::new(Exit::Unreachable, "no_answer", sentence)
    };
    let response = api.http().get(url).send().await.map_err(lost)?;
    let status = response.status().as_u16();
    let body = response.text().await.map_err(lost)?;
    let answer: Option<Value> = serde_json::from_str(&body).ok();
    let token = answer.as_ref().map(|answer| text(answer, "SigninToken")).filter(|token| !token.is_empty());
    token.filter(|_| status == 200).map(str::to_owned).ok_or_else(|| {
        let exit = if status >= 500 { Exit::Unreachable } else { Exit::Refused };
        Failure::new(exit, "no_signin_token", format!("AWS's federation endpoint gave no token: HTTP {status}"))
    })
}

/// The address that signs a browser in. `issuer` is where AWS sends who is signed out.
fn login(federation: &str, destination: &str, issuer: &str, token: &str) -> String {
    let query = [("Action", "login"), ("Issuer", issuer), ("Destination", destination), ("SigninToken", token)];
    with_query(federation, &query)
}

fn with_query(url: &str, query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{url}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_address_holds_the_token_and_where_to_go() {
        let (federation, console) = partition("eu-central-1");
        let url = login(federation, console, "https://api.example.com", "a/b+c=");
        assert_eq!(
            url,
            "https://signin.aws.amazon.com/federation?Action=login&Issuer=https%3A%2F%2Fapi.example.com\
             &Destination=https%3A%2F%2Fconsole.aws.amazon.com%2F&SigninToken=a%2Fb%2Bc%3D"
        );
    }

    #[test]
    fn each_partition_has_its_own() {
        assert!(partition("us-gov-west-1").0.contains("us-gov"));
        assert!(partition("cn-north-1").1.contains(".cn"));
    }

    #[test]
    fn a_session_is_never_sent_in_the_clear() {
        assert!(endpoint("http://127.0.0.1:80/federation").is_ok());
        assert!(endpoint("http://signin.example.com").is_err());
        assert!(https("javascript:alert(1)").is_err());
    }
}
