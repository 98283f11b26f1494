//! When to try again. Pure: the failures come from outside, and so does chance.

use std::time::Duration;

use super::failure::Code;

/// How long to leave a server alone after `failures` failures in a row (at least one), the last with this code.
///
/// `chance` in 0…1 spreads those who failed together: the pause lies between half and the whole of the nominal one. A wrong
/// password waits long, because providers lock an account that knocks too often.
pub fn pause(code: Code, failures: u32, chance: f64) -> Duration {
    let (first, longest) = match code {
        Code::LoginRefused
        | Code::LoginDisabled
        | Code::LoginUnsupported
        | Code::LoginElsewhere
        | Code::NoLogin
        | Code::SignInAgain
        | Code::TokenRefused
        | Code::ProviderUnset
        | Code::ClientRefused
        | Code::RedirectRefused
        | Code::ScopeRefused
        | Code::NoRefresh => (15 * 60, 6 * 3_600),
        Code::Limit => (5 * 60, 3_600),
        Code::TlsNotOffered
        | Code::TlsRefused
        | Code::TlsInjected
        | Code::TlsNotSpoken
        | Code::TlsUnknownIssuer
        | Code::TlsWrongName
        | Code::TlsExpired
        | Code::AlreadySignedIn
        | Code::NotThisProtocol
        | Code::HostForbidden
        | Code::FolderMissing
        | Code::FolderReadOnly => (60, 3_600),
        Code::ServerRefuses | Code::LoginLater | Code::ProviderLater | Code::ProviderRefuses | Code::ProviderOdd => (10, 15 * 60),
        _ => (1, 5 * 60),
    };
    let doublings = failures.saturating_sub(1).min(20);
    let nominal = (u64::from(1_u32 << doublings) * first).min(longest);
    let chance = if chance.is_finite() { chance.clamp(0.0, 1.0) } else { 1.0 };
    Duration::from_secs(nominal).mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_lost_connection_is_tried_again_at_once_and_a_wrong_password_rarely() {
        assert_eq!(pause(Code::Closed, 1, 1.0), Duration::from_secs(1));
        assert_eq!(pause(Code::Closed, 4, 1.0), Duration::from_secs(8));
        assert_eq!(pause(Code::LoginRefused, 1, 0.0), Duration::from_secs(450));
        assert_eq!(pause(Code::Limit, 99, 1.0), Duration::from_secs(3_600));
    }

    proptest! {
        #[test]
        fn pauses_grow_are_bounded_and_never_zero(which in 0..Code::ALL.len(), failures in any::<u32>(), chance in any::<f64>()) {
            let code = Code::ALL[which];
            let pause = |failures| pause(code, failures, chance);
            prop_assert!(pause(failures) >= Duration::from_millis(500) && pause(failures) <= Duration::from_secs(6 * 3_600));
            prop_assert!(pause(failures) <= pause(failures.saturating_add(1)));
        }
    }
}
