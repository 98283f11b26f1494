//! What can go wrong with a mail server: a stable code, and the server's own words, cleaned.

use std::{fmt, time::Duration};

macro_rules! codes {
    ($($variant:ident $code:literal $meaning:literal;)*) => {
        /// A stable code; screens translate it, [`backoff`](super::backoff) decides by it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code, for catalogues and tests.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as programs and screens know it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// One sentence without a full stop.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    HostUnknown "host_unknown" "There is no server of this name";
    HostForbidden "host_forbidden" "The server's address lies inside this network, which is not allowed here";
    ConnectRefused "connect_refused" "Nothing listens on this port";
    ConnectTimeout "connect_timeout" "The server did not answer the connection in time";
    ConnectFailed "connect_failed" "The server cannot be reached";
    NotThisProtocol "not_this_protocol" "What answers on this port is another kind of server";
    ServerRefuses "server_refuses" "The server does not want to talk now";
    AlreadySignedIn "already_signed_in" "The server claims that the connection is signed in before it is secure";
    TlsNotOffered "tls_not_offered" "The server offers no STARTTLS, so the connection would not be encrypted";
    TlsRefused "tls_refused" "The server refused STARTTLS";
    TlsInjected "tls_injected" "Somebody sent plain text after STARTTLS: the connection is tampered with";
    TlsNotSpoken "tls_not_spoken" "The port does not speak TLS; perhaps it wants STARTTLS";
    TlsUnknownIssuer "tls_unknown_issuer" "The server's certificate comes from an unknown authority";
    TlsWrongName "tls_wrong_name" "The server's certificate is for another name";
    TlsExpired "tls_expired" "The server's certificate is not valid today";
    TlsFailed "tls_failed" "No encrypted connection could be made";
    TooSlow "too_slow" "The server did not answer in time";
    Closed "closed" "The server closed the connection";
    LineTooLong "line_too_long" "The server sent a line without an end";
    TooMuch "too_much" "The server sent more than was asked for";
    NotUnderstood "not_understood" "The server's answer makes no sense";
    Interrupted "interrupted" "The connection was left in the middle of a command";
    LoginRefused "login_refused" "The server does not accept this user and password";
    LoginDisabled "login_disabled" "The server does not allow signing in on this connection";
    LoginUnsupported "login_unsupported" "The server offers no way to sign in that we know";
    LoginLater "login_later" "The server cannot check the password now";
    LoginElsewhere "login_elsewhere" "The provider wants an application password or a sign-in in the browser";
    Limit "limit" "The provider's limit is reached";
    FolderMissing "folder_missing" "There is no such folder";
    FolderReadOnly "folder_read_only" "The folder may only be read";
    NotCommitted "not_committed" "A mail is touched on the server only after it is stored here";
    CommandRefused "command_refused" "The server refused a command";
    SenderRefused "sender_refused" "The server does not accept this sender";
    RecipientRefused "recipient_refused" "The server does not accept this recipient";
    MailRefused "mail_refused" "The server does not accept this mail";
    MailTooLarge "mail_too_large" "The mail is larger than the server takes";
    MailEightBit "mail_eight_bit" "The server takes no 8-bit mail";
    AddressInvalid "address_invalid" "This is no address a mail can go to";
    HeaderInjection "header_injection" "A header holds a line break";
    NoLogin "no_login" "The server wants a user and a password";
    SignInAgain "sign_in_again" "The provider no longer accepts the sign-in: somebody has to sign in again";
    TokenRefused "token_refused" "The server does not accept who signed in at the provider";
    ProviderUnset "provider_unset" "The provider is not set up here";
    ClientRefused "client_refused" "The provider does not accept our client id or its secret";
    RedirectRefused "redirect_refused" "The provider does not know the address that it should send people back to";
    ScopeRefused "scope_refused" "The provider does not grant what is needed for mail";
    CodeRefused "code_refused" "The provider no longer accepts this sign-in: it took too long, or was used before";
    NoRefresh "no_refresh" "The provider gave no lasting access";
    SignInDenied "sign_in_denied" "Access was not allowed at the provider";
    SignInUnknown "sign_in_unknown" "This sign-in is not known here, no longer, or was begun by somebody else";
    ProviderLater "provider_later" "The provider cannot be asked now";
    ProviderRefuses "provider_refuses" "The provider said no";
    ProviderOdd "provider_odd" "The provider's answer makes no sense";
}

/// Something went wrong with a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What, for programs.
    pub code: Code,
    /// What the server said about it, cleaned and cut; never holds a secret of ours.
    pub words: Option<Box<str>>,
}

impl Failure {
    /// With what the server said.
    pub fn said(code: Code, words: &[u8]) -> Self {
        let words = clean(words);
        Self { code, words: (!words.is_empty()).then(|| words.into()) }
    }

    /// Some servers repeat what they were told.
    pub(in crate::channels::email) fn without(mut self, secrets: &[&str]) -> Self {
        self.words = self.words.map(|words| {
            let hide = |words: String, secret: &&str| if secret.is_empty() { words } else { words.replace(*secret, "***") };
            secrets.iter().fold(String::from(words), hide).into()
        });
        self
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, words: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.meaning())?;
        self.words.iter().try_for_each(|words| write!(f, ": {words}"))
    }
}

impl std::error::Error for Failure {}

/// How much of what a server says is kept.
const WORDS: usize = 300;

/// For people's eyes: one line of visible characters.
pub(super) fn clean(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    // Marks that turn the reading direction could make one text look like another.
    let hidden = |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}');
    let visible: String = text.chars().map(|c| if c.is_control() || hidden(c) { ' ' } else { c }).take(8 * WORDS).collect();
    let mut words = visible.split_whitespace().fold(String::new(), |mut line, word| {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        line
    });
    if let Some((end, _)) = words.char_indices().nth(WORDS) {
        words.truncate(end);
        words.push('…');
    }
    words
}

/// One deadline over a whole exchange, however the other side dribbles.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(Code::TooSlow.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
    }

    #[test]
    fn what_a_server_says_is_one_visible_line_and_repeats_no_secret() {
        assert_eq!(clean(b"NO\r\n\x1b[31m hunter2\t\xff"), "NO [31m hunter2 \u{FFFD}");
        assert_eq!(clean("a\u{202E}b".as_bytes()), "a b");
        let failure = Failure::said(Code::LoginRefused, b"bad password hunter2 (aHVudGVyMg==)");
        assert_eq!(failure.without(&["hunter2", "aHVudGVyMg==", ""]).words.as_deref(), Some("bad password *** (***)"));
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_short_and_visible(raw in prop::collection::vec(any::<u8>(), 0..4_000)) {
            let words = clean(&raw);
            prop_assert!(words.chars().count() <= WORDS + 1 && !words.chars().any(char::is_control));
        }
    }
}
