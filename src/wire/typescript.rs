//! Keeps `web/lib/wire/wire.ts` what these types say. `UPDATE_WIRE=1 cargo test --lib wire` writes it anew.

use std::{collections::BTreeMap, path::Path};

use ts_rs::TS;

use super::{command, config, conversation, demo, live, page, people, session};
use crate::{
    domain::{
        campaign, channel, closing, contact, conversation as states, delivery, disposition, field, invitation, message,
        permission, strategy, waiting, webchat,
    },
    error::ErrorCode,
    http::{problem, widget},
    ids,
    store::visitors,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/lib/wire/wire.ts");
const HEAD: &str = "// Every type that crosses to the browser, as the server's `wire` types are exported.\n";

macro_rules! declarations {
    ($($type:ty),* $(,)?) => {{
        let config = ts_rs::Config::default();
        let mut all = BTreeMap::new();
        $( all.insert(<$type as TS>::ident(&config), format!("\nexport {}\n", <$type as TS>::decl(&config))); )*
        all
    }};
}

fn text() -> String {
    let all = declarations![
        states::Ending,
        closing::Closing,
        closing::WrapUp,
        disposition::System,
        states::Priority,
        states::QueueReason,
        channel::ChannelKind,
        delivery::Delivery,
        message::WritingMode,
        permission::Permission,
        permission::Role,
        permission::Scope,
        command::AnswerOffer,
        command::Close,
        command::Prioritise,
        command::Snooze,
        command::Tag,
        command::Note,
        command::PutDraft,
        command::Reply,
        command::Transfer,
        conversation::Attachment,
        conversation::Author,
        conversation::Done,
        conversation::Draft,
        conversation::Message,
        conversation::Preview,
        conversation::Standing,
        conversation::Summary,
        demo::Entry,
        demo::Info,
        demo::Pace,
        demo::Person,
        live::Activity,
        live::AgentRow,
        live::Ask,
        live::Board,
        live::BoardDelta,
        live::CampaignRow,
        live::Chat,
        live::ChatMessage,
        live::ChatSender,
        live::ChatTyping,
        live::ConversationDelta,
        live::DeliveryDelta,
        live::Denied,
        live::Frame,
        live::Gone,
        live::WhyGone,
        config::DispositionFields,
        config::DispositionView,
        live::Hello,
        live::Me,
        live::Presence,
        live::Push,
        live::QueueDelta,
        live::Queue,
        live::Thread,
        live::Typing,
        live::ViewerRow,
        live::Viewers,
        live::WaitingRow,
        page::Page<conversation::Message>,
        config::Member,
        config::MemberFields,
        config::BreakFields,
        config::BreakView,
        config::CampaignFields,
        config::CampaignView,
        config::CannedTextFields,
        config::CannedTextView,
        config::FieldFields,
        config::FieldView,
        campaign::CampaignPermissions,
        campaign::OutOfHours,
        strategy::Strategy,
        strategy::Mode,
        strategy::Order,
        strategy::Policy,
        waiting::Limits,
        waiting::WhenFull,
        waiting::AtClosing,
        command::SetFields,
        contact::AddressKind,
        field::Kind,
        field::Use,
        field::Value,
        invitation::Kind,
        people::AcceptInvitation,
        people::CheckInvitation,
        people::Contact,
        people::ContactAddress,
        people::ContactFields,
        people::Invitation,
        people::InvitationFields,
        people::Invited,
        people::User,
        people::UserFields,
        session::ChangePassword,
        session::ProfileField,
        session::ProfileFields,
        session::Session,
        ids::CannedTextId,
        ids::FieldId,
        ids::ScheduleId,
        ids::SessionId,
        session::BreakWhen,
        session::Profile,
        session::ProfileBreak,
        session::ProfileCampaign,
        session::ProfileDisposition,
        session::ProfileUser,
        session::SetPresence,
        session::SignIn,
        problem::FieldError,
        problem::ProblemBody,
        widget::Answers,
        widget::NewVisitor,
        widget::RatingFields,
        widget::VisitorMessage,
        widget::VisitorSession,
        widget::VisitorStored,
        widget::WidgetConfig,
        webchat::Field,
        webchat::FieldKind,
        webchat::Language,
        webchat::Position,
        webchat::Scheme,
        webchat::Texts,
        webchat::Theme,
        conversation::RatingView,
        conversation::VisitorCard,
        visitors::Answer,
        ErrorCode,
        super::Time,
        ids::AttachmentId,
        ids::BreakId,
        ids::CampaignId,
        ids::ChannelId,
        ids::ClientId,
        ids::ContactId,
        ids::ConversationId,
        ids::DispositionId,
        ids::MessageId,
        ids::OfferId,
        ids::UserId,
        ids::VisitorId,
    ];
    std::iter::once(HEAD.to_owned()).chain(all.into_values()).collect()
}

#[test]
fn the_browser_has_the_same_types() {
    let text = text();
    if std::env::var_os("UPDATE_WIRE").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    let current = std::fs::read_to_string(Path::new(FILE)).unwrap_or_default();
    assert!(current == text, "web/lib/wire/wire.ts is not what the types say: run UPDATE_WIRE=1 cargo test --lib wire");
}
