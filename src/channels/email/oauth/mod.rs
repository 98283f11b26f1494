//! Signing in at a provider in place of a password: OAuth 2 with an authorization code and PKCE (RFC 6749, 7636, 9700).
//!
//! | file | what is there |
//! |---|---|
//! | [`provider`] | where to sign in: Google, Microsoft, or any that an administrator names |
//! | [`exchange`] | what is said to the provider: a code or a lasting token for one that opens the mailbox now |

pub mod exchange;
pub mod provider;
#[cfg(test)]
pub(crate) mod testing;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::Rng;
use sha2::{Digest, Sha256};
use url::Url;

use self::provider::{Place, ProviderKind};
use crate::auth::secret::SecretText;

/// 32 random bytes in base64url: a state, or a verifier of PKCE.
pub fn random() -> SecretText {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    SecretText::new(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What a browser is sent to the provider with.
pub struct Asked<'a> {
    /// Where the provider sends it back to.
    pub redirect: &'a str,
    /// Comes back with it.
    pub state: &'a SecretText,
    /// Of PKCE: only its digest leaves.
    pub verifier: &'a SecretText,
    /// Who should sign in.
    pub hint: &'a str,
}

/// The address at which somebody signs in.
pub fn address(place: &Place, asked: &Asked<'_>) -> Url {
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(asked.verifier.expose().as_bytes()));
    let more: &[(&str, &str)] = match place.kind {
        // Without these it gives lasting access only the first time.
        ProviderKind::Google => &[("access_type", "offline"), ("prompt", "consent")],
        ProviderKind::Microsoft => &[("prompt", "select_account")],
        ProviderKind::Generic => &[],
    };
    let mut url = place.authorize.clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &place.client)
        .append_pair("redirect_uri", asked.redirect)
        .append_pair("scope", &place.scopes)
        .append_pair("state", asked.state.expose())
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .append_pair("login_hint", asked.hint)
        .extend_pairs(more);
    url
}

#[cfg(test)]
mod tests {
    use super::{provider::ProviderConfig, *};
    use crate::channels::email::post::net::Reach;

    #[test]
    fn a_browser_is_sent_with_a_digest_and_never_with_the_verifier() {
        let config = ProviderConfig { client: "our id".to_owned(), ..ProviderConfig::default() };
        let place = config.place(ProviderKind::Google, Reach::Public).unwrap();
        // RFC 7636, appendix B.
        let verifier = SecretText::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let asked =
            Asked { redirect: "https://a.example/oauth/mail", state: &"st".into(), verifier: &verifier, hint: "ana@x.example" };
        let url = address(&place, &asked);
        let pairs: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs["code_challenge"], "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!((pairs["scope"].as_str(), pairs["client_id"].as_str()), ("https://mail.google.com/", "our id"));
        assert_eq!((pairs["access_type"].as_str(), pairs["prompt"].as_str()), ("offline", "consent"));
        assert_eq!(pairs["login_hint"], "ana@x.example");
        assert!(url.as_str().starts_with("https://accounts.google.com/o/oauth2/v2/auth?"));
        assert!(!url.as_str().contains(verifier.expose().as_str()));
        assert_ne!(random().expose(), random().expose());
        assert_eq!(random().expose().len(), 43, "PKCE wants 43 to 128 characters");
    }
}
