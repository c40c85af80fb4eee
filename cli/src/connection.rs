//! Where the API is, in which region, and whose credentials sign the calls: as the AWS CLI finds such things.

use crate::failure::{Exit, Failure};
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::default_provider::region::DefaultRegionChain;
use aws_config::profile::{self, ProfileFileCredentialsProvider, ProfileSet};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use std::borrow::Cow;

/// The setting of a profile that says where the API is.
pub(crate) const API_URL: &str = "countersign_api_url";

/// The setting of a grant's profile that names the profile which signs the calls for it.
pub(crate) const SOURCE_PROFILE: &str = "countersign_source_profile";

/// Set by `exec`: the keys in the environment are those of this grant, not the caller's own.
pub(crate) const GRANT_VARIABLE: &str = "COUNTERSIGN_GRANT";

/// The heading in every command's help of what may be said to all of them.
pub(crate) const EVERYWHERE: &str = "Options of every command";

/// What may be said on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Place {
    /// Where the API is: the stack's output `ApiUrl`. Else: `countersign_api_url` of the AWS profile.
    #[arg(long, global = true, env = "COUNTERSIGN_API_URL", value_name = "URL", help_heading = EVERYWHERE)]
    pub(crate) api_url: Option<String>,
    /// The AWS profile to sign with. Else: the credentials that the AWS CLI would take.
    #[arg(long, global = true, value_name = "NAME", help_heading = EVERYWHERE)]
    pub(crate) profile: Option<String>,
    /// The API's region. Else: the one in its address, or the profile's.
    #[arg(long, global = true, value_name = "REGION", help_heading = EVERYWHERE)]
    pub(crate) region: Option<String>,
}

/// What was found.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// Where the API is; paths like `/v1/requests` follow it.
    pub(crate) url: String,
    /// The API's region.
    pub(crate) region: String,
    /// The caller's own region, if they have one.
    pub(crate) own_region: Option<String>,
    /// The profile that signs.
    pub(crate) profile: String,
    /// The credentials that sign.
    pub(crate) credentials: SharedCredentialsProvider,
}

/// The profile that signs, and what the profiles say of the API.
#[derive(Debug, PartialEq, Eq)]
struct Source {
    profile: String,
    url: Option<String>,
}

impl Connection {
    /// Looks at what was said, at the environment, and at the AWS files.
    ///
    /// # Errors
    /// Nothing says where the API is, or a file can't be read.
    pub(crate) async fn find(place: &Place) -> Result<Self, Failure> {
        let named = place.profile.clone().map(Cow::Owned);
        let profiles = profile::load(&Fs::real(), &Env::real(), &EnvConfigFiles::default(), named)
            .await
            .map_err(|error| Failure::new(Exit::Failed, "aws_files", format!("can't read the AWS files: {error}")))?;
        let source = source(&profiles, place.profile.is_some())?;
        let url = place.api_url.clone().or(source.url).ok_or_else(|| {
            Failure::new(Exit::Usage, "no_api_url", "nothing says where Countersign's API is").advise(
                "Give --api-url or COUNTERSIGN_API_URL, or keep it in your AWS profile: \
                 `aws configure set countersign_api_url https://…`. It is the stack's output `ApiUrl`.",
            )
        })?;
        let url = checked(&url)?;
        let own_region = DefaultRegionChain::builder().profile_name(&source.profile).build().region().await;
        let own_region = own_region.map(|region| region.to_string());
        let region = place.region.clone().or_else(|| region_of(&url)).or_else(|| own_region.clone());
        let region = region.ok_or_else(|| {
            Failure::new(Exit::Usage, "no_region", "nothing says in which region the API is")
                .advise("Give --region, or set AWS_REGION.")
        })?;
        // Who names a profile means it, whatever keys the environment has; and a grant's keys sign nothing here.
        let only_files = place.profile.as_deref() == Some(source.profile.as_str())
            || std::env::var_os(GRANT_VARIABLE).is_some_and(|value| !value.is_empty());
        let credentials = if only_files {
            let files = ProfileFileCredentialsProvider::builder().profile_name(&source.profile).build();
            SharedCredentialsProvider::new(files)
        } else {
            let chain = DefaultCredentialsChain::builder().profile_name(&source.profile).build().await;
            SharedCredentialsProvider::new(chain)
        };
        Ok(Self { url, region, own_region, profile: source.profile, credentials })
    }
}

/// Follows `countersign_source_profile` from the profile in force to the one that signs.
fn source(profiles: &ProfileSet, said: bool) -> Result<Source, Failure> {
    let mut profile = profiles.selected_profile().to_owned();
    if said && profiles.get_profile(&profile).is_none() {
        let sentence = format!("there is no AWS profile `{profile}`");
        return Err(
            Failure::new(Exit::Usage, "no_such_profile", sentence).advise("`aws configure list-profiles` lists them.")
        );
    }
    let setting = |profile: &str, name: &str| profiles.get_profile(profile)?.get(name).map(str::to_owned);
    let mut url = setting(&profile, API_URL);
    let mut seen = Vec::new();
    while let Some(next) = setting(&profile, SOURCE_PROFILE) {
        if seen.contains(&next) {
            let sentence = format!("the AWS profile `{profile}` has a {SOURCE_PROFILE} that leads back to itself");
            return Err(Failure::new(Exit::Usage, "profile_loop", sentence));
        }
        seen.push(profile);
        profile = next;
        url = url.or_else(|| setting(&profile, API_URL));
    }
    let url = url.or_else(|| setting("default", API_URL));
    Ok(Source { profile, url })
}

/// Credentials come back this way: not in the clear, except from this very machine.
fn checked(url: &str) -> Result<String, Failure> {
    let wrong = |why: &str| Err(Failure::new(Exit::Usage, "invalid_api_url", format!("the API's address {why}")));
    let Ok(parsed) = reqwest::Url::parse(url) else { return wrong("is no URL") };
    let here = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match parsed.scheme() {
        "https" => {}
        "http" if here => {}
        _ => return wrong("has to begin with https://"),
    }
    if parsed.query().is_some() || parsed.fragment().is_some() || !parsed.username().is_empty() {
        return wrong("has to be a plain address, without query, fragment or user");
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// The region in an address of API Gateway: `<id>.execute-api.<region>.amazonaws.com`.
fn region_of(url: &str) -> Option<String> {
    let parsed = reqwest::Url::parse(url).ok()?;
    let (_, rest) = parsed.host_str()?.split_once(".execute-api.")?;
    let (region, _) = rest.split_once(".amazonaws.")?;
    Some(region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_runtime::env_config::file::EnvConfigFileKind;

    async fn profiles(selected: &'static str, text: &str) -> ProfileSet {
        let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text).build();
        profile::load(&Fs::real(), &Env::from_slice(&[]), &files, Some(selected.into())).await.unwrap()
    }

    #[test]
    fn the_region_of_an_api_is_in_its_address() {
        assert_eq!(region_of("https://a1b2c3.execute-api.eu-central-1.amazonaws.com").as_deref(), Some("eu-central-1"));
        assert_eq!(
            region_of("https://a1b2c3.execute-api.cn-north-1.amazonaws.com.cn/x").as_deref(),
            Some("cn-north-1")
        );
        assert_eq!(region_of("https://access.example.com"), None);
    }

    #[test]
    fn nothing_is_sent_in_the_clear() {
        for good in ["https://api.example.com/", "http://127.0.0.1:4566/_aws/execute-api/x", "http://localhost:1"] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in ["http://api.example.com", "ftp://x", "api.example.com", "https://a@b.c", "https://b.c/?x=1", ""] {
            assert!(checked(bad).is_err(), "{bad}");
        }
        assert_eq!(checked("https://x.y/z/").unwrap(), "https://x.y/z");
    }

    #[tokio::test]
    async fn a_grants_profile_leads_to_the_one_that_signs() {
        let text =
            "[profile orders]\ncountersign_source_profile = work\ncountersign_api_url = https://api\n[profile work]\n";
        let found = source(&profiles("orders", text).await, true).unwrap();
        assert_eq!(found, Source { profile: "work".to_owned(), url: Some("https://api".to_owned()) });
    }

    #[tokio::test]
    async fn the_default_profile_may_say_where_the_api_is() {
        let text = "[default]\ncountersign_api_url = https://api\n[profile work]\nregion = x\n";
        let found = source(&profiles("work", text).await, false).unwrap();
        assert_eq!(found, Source { profile: "work".to_owned(), url: Some("https://api".to_owned()) });
    }

    #[tokio::test]
    async fn profiles_that_lead_nowhere_are_refused() {
        let turning = "[profile a]\ncountersign_source_profile = b\n[profile b]\ncountersign_source_profile = a\n";
        assert_eq!(source(&profiles("a", turning).await, false).unwrap_err().code, "profile_loop");
        assert_eq!(source(&profiles("gone", "").await, true).unwrap_err().code, "no_such_profile");
        assert!(source(&profiles("default", "").await, false).is_ok());
    }
}
