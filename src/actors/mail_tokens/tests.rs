use std::time::Duration;

use crate::{
    actors::testing::{CLIENT, House, Plan, SALES, on_both},
    auth::secret::SecretText,
    channels::email::{
        oauth::{
            provider::{ProviderConfig, ProviderKind},
            testing::{Fake, Form, json},
        },
        post::{account::Proof, failure::Code},
        settings::{MailAccount, Settings, SignedIn, Slot},
    },
    clock::Timestamp,
    domain::log::{By, Entity},
    ids::{ChannelId, UserId},
    store::{
        mail_accounts::{self, AccountRow},
        mail_providers,
        testing::Scratch,
    },
};

const ACCOUNT: ChannelId = ChannelId::from_u128(40);

struct Signed {
    house: House,
}

impl Signed {
    /// A house with a mail account that somebody signed in at this provider.
    async fn open(scratch: Scratch, config: &ProviderConfig) -> Self {
        let signed = Self { house: House::open(scratch, Plan::default()).await };
        signed.sign_in(config, "first").await;
        signed
    }

    async fn sign_in(&self, config: &ProviderConfig, token: &str) {
        let (engine, sealer) = (&self.house.engine, &self.house.sealer);
        let (now, kind) = (engine.clock.now(), ProviderKind::Generic);
        let settings: Settings = serde_json::from_value(serde_json::json!({
            "smtp": { "host": "localhost", "port": 25, "security": "plain" }, "user": "ana", "login": "oauth",
        }))
        .unwrap();
        let row = AccountRow {
            id: ACCOUNT,
            client: CLIENT,
            campaign: Some(SALES),
            address: "ana@casa.example",
            settings: &settings,
            enabled: true,
            archived_at: None,
        };
        let known = engine.directory.load().mail_accounts.contains_key(&ACCOUNT);
        let mut rows = if known { mail_accounts::update(&row, now) } else { mail_accounts::insert(&row, now) }.unwrap();
        let place = config.place(kind, engine.mail_tokens.exchange().reach()).unwrap();
        rows.extend([
            mail_accounts::put_secret(ACCOUNT, Slot::Refresh, &token.into(), sealer, now).unwrap(),
            mail_providers::put(CLIENT, kind, config, Some(&"our-secret".into()), sealer, now).unwrap(),
            mail_providers::put_sign_in(ACCOUNT, &SignedIn { provider: kind, by: UserId::from_u128(1), at: now }, &place.key()),
        ]);
        engine.configure(rows, Entity::Channel, ACCOUNT.to_string(), By::System, None).await.unwrap();
    }

    fn account(&self) -> std::sync::Arc<MailAccount> {
        self.house.engine.directory.load().mail_accounts[&ACCOUNT].clone()
    }

    async fn ask(&self) -> Result<String, Code> {
        let token = self.house.engine.mail_tokens.of(&self.account()).await;
        token.map(|token| token.expose().clone()).map_err(|failure| failure.code)
    }

    /// The mail server said no to what the account has now.
    async fn refused(&self) -> Option<Code> {
        let (tokens, account) = (&self.house.engine.mail_tokens, self.account());
        let used = tokens.account(&account).await.unwrap();
        assert!(matches!(used.credentials.proof, Proof::Token(_)));
        tokens.judge(&account, &used, Code::LoginRefused.into()).map(|failure| failure.code)
    }

    async fn held(&self) -> SecretText {
        let held = mail_providers::held(&self.house.engine.db, &self.house.sealer, ACCOUNT, CLIENT).await.unwrap().unwrap();
        held.token.unwrap()
    }
}

/// Gives a new token and a new lasting one each time, for so long.
fn generous(lasts: f64) -> impl Fn(usize, &Form) -> Vec<u8> {
    move |number, _| {
        json(200, &format!(r#"{{"access_token":"access-{number}","expires_in":{lasts},"refresh_token":"lasting-{number}"}}"#))
    }
}

#[test]
fn a_token_is_asked_for_once_for_everybody_and_again_before_it_ends() {
    on_both(async |scratch| {
        let provider = Fake::start(generous(0.4)).await;
        let signed = Signed::open(scratch, &provider.config()).await;
        let all = futures_util::future::join_all((0..20).map(|_| signed.ask())).await;
        assert!(all.iter().all(|token| token.as_deref() == Ok("access-0")), "{all:?}");
        assert_eq!(provider.asked.lock().len(), 1);
        // What the provider gave in its place is shown next, and stands in the store.
        assert_eq!(signed.held().await.expose(), "lasting-0");
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert_eq!(signed.ask().await.as_deref(), Ok("access-1"));
        let asked = provider.asked.lock().clone();
        let shown: Vec<&str> = asked.iter().map(|form| form["refresh_token"].as_str()).collect();
        assert_eq!(shown, ["first", "lasting-0"]);
        assert_eq!((asked[0]["grant_type"].as_str(), asked[0]["client_secret"].as_str()), ("refresh_token", "our-secret"));
    });
}

#[test]
fn who_gives_up_waiting_loses_nothing() {
    on_both(async |scratch| {
        let provider = Fake::start(|number, form| {
            std::thread::sleep(Duration::from_millis(50));
            generous(3_600.0)(number, form)
        });
        let provider = provider.await;
        let signed = Signed::open(scratch, &provider.config()).await;
        let given_up = tokio::time::timeout(Duration::from_millis(5), signed.ask()).await;
        assert!(given_up.is_err());
        assert_eq!(signed.ask().await.as_deref(), Ok("access-0"));
        assert_eq!(signed.held().await.expose(), "lasting-0");
        assert_eq!(provider.asked.lock().len(), 1);
    });
}

#[test]
fn a_sign_in_that_is_over_is_not_asked_about_until_somebody_signs_in() {
    on_both(async |scratch| {
        let provider = Fake::start(|_, form| match form["refresh_token"].as_str() {
            "first" => json(400, r#"{"error":"invalid_grant","error_description":"revoked: first"}"#),
            _ => json(200, r#"{"access_token":"good","expires_in":3600}"#),
        })
        .await;
        let signed = Signed::open(scratch, &provider.config()).await;
        for _ in 0..5 {
            assert_eq!(signed.ask().await, Err(Code::SignInAgain));
        }
        assert_eq!(provider.asked.lock().len(), 1);
        let trouble = signed.house.engine.mail_tokens.trouble(ACCOUNT).unwrap();
        assert_eq!(trouble.failure.words.as_deref(), Some("revoked: ***"), "no secret in the words");
        signed.sign_in(&provider.config(), "second").await;
        assert_eq!(signed.ask().await.as_deref(), Ok("good"));
        assert_eq!(signed.house.engine.mail_tokens.trouble(ACCOUNT), None);
        assert_eq!(signed.held().await.expose(), "second", "a provider may keep the one it gave");
    });
}

#[test]
fn a_provider_that_is_away_is_left_alone_for_a_while() {
    on_both(async |scratch| {
        let provider = Fake::start(|_, _| json(503, "{}")).await;
        let signed = Signed::open(scratch, &provider.config()).await;
        assert_eq!((signed.ask().await, signed.ask().await), (Err(Code::ProviderLater), Err(Code::ProviderLater)));
        assert_eq!(provider.asked.lock().len(), 1);
    });
}

#[test]
fn a_token_that_the_server_refuses_is_replaced_once() {
    on_both(async |scratch| {
        let provider = Fake::start(generous(3_600.0)).await;
        let signed = Signed::open(scratch, &provider.config()).await;
        assert_eq!(signed.refused().await, None, "worth another try");
        assert_eq!(signed.refused().await, Some(Code::TokenRefused));
        assert_eq!(signed.refused().await, Some(Code::TokenRefused));
        assert_eq!(provider.asked.lock().len(), 2);
        // Other failures are none of its business.
        let (tokens, account) = (&signed.house.engine.mail_tokens, signed.account());
        let used = tokens.account(&account).await.unwrap();
        assert_eq!(tokens.judge(&account, &used, Code::Closed.into()).map(|failure| failure.code), Some(Code::Closed));
    });
}

#[test]
fn a_lasting_token_is_shown_only_where_it_came_from() {
    on_both(async |scratch| {
        let (provider, thief) = (Fake::start(generous(60.0)).await, Fake::start(generous(60.0)).await);
        let signed = Signed::open(scratch, &provider.config()).await;
        let put = mail_providers::put(
            CLIENT,
            ProviderKind::Generic,
            &thief.config(),
            None,
            &signed.house.sealer,
            Timestamp::from_micros(1),
        );
        signed.house.engine.journal.write(vec![put.unwrap()], None, By::System, None).await.unwrap();
        assert_eq!(signed.ask().await, Err(Code::SignInAgain));
        assert!(thief.asked.lock().is_empty() && provider.asked.lock().is_empty());
    });
}

#[test]
fn a_new_sign_in_is_not_overwritten_by_what_came_of_the_old_one() {
    on_both(async |scratch| {
        let provider = Fake::start(generous(60.0)).await;
        let signed = Signed::open(scratch, &provider.config()).await;
        let house = &signed.house;
        let held = mail_providers::held(&house.engine.db, &house.sealer, ACCOUNT, CLIENT).await.unwrap().unwrap();
        signed.sign_in(&provider.config(), "second").await;
        let late = mail_providers::rotate(ACCOUNT, &"late".into(), &held.sealed, &house.sealer, Timestamp::from_micros(1));
        house.engine.journal.write(vec![late.unwrap()], None, By::System, None).await.unwrap();
        assert_eq!(signed.held().await.expose(), "second");
    });
}
