//! Mails against the whole engine; where `CENTRALITA_TEST_MAIL` names them (`scripts/mail.sh`), with real servers.

mod dovecot;
mod reading;

use std::sync::Arc;

use object_store::{ObjectStore, memory::InMemory};
use serde_json::{Value, json};

use super::{Outcome, Reader, Shared, account::Work};
use crate::{
    actors::testing::{ANA, CLIENT, House, Plan, SALES, Tab},
    args,
    auth::secret::SecretText,
    channels::email::{
        post::{
            imap::{Batch, Content, Mail, Pace, Position},
            net::{Network, Reach},
        },
        settings::{MailAccount, Settings, Slot},
        understand::mint,
    },
    clock::Timestamp,
    domain::{
        conversation::Command,
        delivery::Delivery,
        log::{By, Entity},
        mail::{Doubt, Envelope, Mailbox},
        message::{Content as Said, Message},
    },
    ids::{ChannelId, ConversationId, MessageId},
    store::{
        conversations,
        mail_accounts::{self, AccountRow},
        mail_asides::{self, Filter, MailAside, MailAsideKind},
        testing::Scratch,
    },
};

const ACCOUNT: ChannelId = ChannelId::from_u128(40);
const US: &str = "ayuda@casa.example";

fn settings(fields: Value) -> Settings {
    let mut all = json!({
        "smtp": { "host": "localhost", "port": 25, "security": "plain" },
        "imap": { "host": "localhost", "port": 143, "security": "plain" },
        "user": "ana", "receives": true, "takes_existing": true,
    });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

/// A house with a mail account.
struct Post {
    house: House,
    files: Arc<dyn ObjectStore>,
}

impl Post {
    async fn open(scratch: Scratch, fields: Value, password: &str) -> Self {
        Self::open_as(scratch, fields, password, US).await
    }

    async fn open_as(scratch: Scratch, fields: Value, password: &str, address: &str) -> Self {
        let mut plan = Plan { capacity: 100_000, ..Plan::default() };
        plan.sales.auto_accept = true;
        plan.sales.max_per_agent = 10_000;
        let post = Self { house: House::open(scratch, plan).await, files: Arc::new(InMemory::new()) };
        let (house, now) = (&post.house, post.house.engine.clock.now());
        let settings = settings(fields);
        let row = AccountRow {
            id: ACCOUNT,
            client: CLIENT,
            campaign: Some(SALES),
            address,
            settings: &settings,
            enabled: true,
            archived_at: None,
        };
        let mut rows = mail_accounts::insert(&row, now).unwrap();
        rows.push(mail_accounts::put_thread_key(ACCOUNT, &house.sealer, now).unwrap());
        rows.push(mail_accounts::put_secret(ACCOUNT, Slot::Password, &SecretText::from(password), &house.sealer, now).unwrap());
        house.engine.configure(rows, Entity::Channel, ACCOUNT.to_string(), By::System, None).await.unwrap();
        post
    }

    fn account(&self) -> Arc<MailAccount> {
        Arc::clone(&self.house.engine.directory.load().mail_accounts[&ACCOUNT])
    }

    fn shared(&self, network: Network, pace: Pace) -> Shared {
        let mut shared = Shared::new(self.house.engine.clone(), Arc::clone(&self.files), network, "node".to_owned());
        shared.pace = pace;
        shared
    }

    fn reader(&self) -> Reader {
        Reader { engine: self.house.engine.clone(), files: Arc::clone(&self.files) }
    }

    /// What a mailbox does with one mail.
    async fn arrives(&self, raw: &str) -> Outcome {
        self.arrives_as(raw, false).await
    }

    async fn arrives_as(&self, raw: &str, insists: bool) -> Outcome {
        let raw = raw.replace('\n', "\r\n").into_bytes().into();
        let (reader, account) = (self.reader(), self.account());
        let reading = reader.read(&account, raw, Timestamp::from_micros(7)).await;
        let settled = reader.settle(&account, &reading, insists).await.unwrap();
        self.house.engine.journal.write(settled.statements, None, By::System, None).await.unwrap();
        settled.outcome
    }

    async fn stored(&self, raw: &str) -> ConversationId {
        match self.arrives(raw).await {
            Outcome::Stored(conversation) => conversation,
            other => panic!("{other:?}"),
        }
    }

    /// An agent writes in a conversation; its id, and that of the mail.
    async fn answers(&self, conversation: ConversationId, to: &[&str], forwarded: bool) -> (MessageId, String) {
        let account = self.account();
        let message = self.house.engine.ids.next();
        let id = mint(conversation, message, account.threads.first().unwrap(), "casa.example");
        let to = to.iter().map(|address| Mailbox { name: String::new(), address: (*address).to_owned() }).collect();
        let envelope = Envelope { to, message_id: Some(id.clone()), forwarded, ..Envelope::default() };
        let content = Said { text: "dígame".into(), attachments: Vec::new(), mail: Some(Arc::new(envelope)) };
        self.house.command(ANA, conversation, Command::Reply { message, agent: ANA, content }).await.unwrap();
        for to in [Delivery::Sending, Delivery::Sent] {
            let stored = conversations::delivery(&self.house.engine.db, conversation, message).await.unwrap();
            let moves = Command::MoveDelivery { message, stored, to, reason: None };
            self.house.engine.command(conversation, moves, By::System, None).await.unwrap();
        }
        (message, id)
    }

    async fn messages(&self, conversation: ConversationId) -> Vec<Arc<Message>> {
        let found = conversations::messages_before(&self.house.engine.db, conversation, u64::MAX >> 1, 100).await.unwrap();
        found.into_iter().rev().map(|stored| stored.message).collect()
    }

    async fn last(&self, conversation: ConversationId) -> Arc<Envelope> {
        self.messages(conversation).await.last().unwrap().mail.clone().unwrap()
    }

    /// Texts of all mails that came in, sorted.
    async fn all(&self) -> Vec<String> {
        const ALL: &str = "SELECT text FROM messages WHERE mail IS NOT NULL AND delivery IS NULL";
        let rows = self.house.engine.db.rows(ALL, args![]).await.unwrap();
        let mut texts: Vec<String> = rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect();
        texts.sort();
        texts
    }

    async fn asides(&self) -> Vec<MailAside> {
        mail_asides::list(&self.house.engine.db, &Filter::default(), 1_000).await.unwrap()
    }

    async fn tab(&self) -> Tab {
        let tab = self.house.tab(ANA);
        tab.ready().await;
        tab
    }
}

/// A customer's mail.
fn mail(from: &str, number: u32, more: &str, text: &str) -> String {
    format!(
        "From: Ana <{from}>\nTo: {US}\nSubject: Pedido {number}\nMessage-ID: <{number}.{from}>\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n\
         {more}\n{text}\n"
    )
}

fn nowhere() -> Network {
    Network::new(crate::clock::Clock::system(), Reach::Anywhere, None).unwrap()
}
