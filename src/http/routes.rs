//! Every route, in one table: it registers the handlers, says who may call them, and is what `/openapi.json` is made of. A route that is
//! not here does not exist; one without an access cannot be written down.

use actix_web::{http::Method, web};

pub use super::route::{Access, Route, Schemas};
use super::route::{Documented, File, PageOf, PatchOf, query_of};
use crate::{
    domain::permission::Permission::{
        Answer, ControlAgents, ForceConversations, ReadBoard, ReadConfig, ReadContacts, ReadConversations, ReadUsers,
        WriteConfig, WriteContacts, WriteMembers, WriteUsers,
    },
    http::{
        admin::{
            breaks,
            campaign_overview::{self, OverviewQuery},
            campaigns,
            canned_texts::{self, CannedTextsQuery},
            capacity, channels, clients, dispositions, fields,
            mail::{
                accounts as mail_accounts, areas as mail_areas, attempt as mail_attempt, discovery as mail_discovery,
                health as mail_health, providers as mail_providers, sign_in as mail_sign_in, template as mail_template,
            },
            members, projects,
            resources::{self, NewFile, NewResource, ResourcesQuery},
            schedules, skills as admin_skills,
            templates::{self, ChangeQuery, TemplatesQuery, VariablesQuery},
            tokens, users,
        },
        check::ListQuery,
        demo, docs, ops, rate, sockets,
        staff::{
            agents,
            attachments::{self, UploadQuery},
            consult,
            contacts::{self, ContactsQuery},
            conversations::{self, ConversationsQuery, HistoryQuery, MessagesQuery},
            drafts,
            export::{self, ExportQuery},
            invitations, mail,
            mail_answer::{self, AnswerQuery},
            mail_asides::{self, MailAsidesQuery},
            mail_suppressions::{self, MailSuppressionsQuery},
            mails, me, moves, ratings,
            recordings::{self, RecordingsQuery},
            service_levels::{self, ServiceLevelsQuery},
            session, simulations, skills as conversation_skills, start,
            why::{self, WhyQuery},
        },
        webhooks, widget,
    },
    wire::{
        command, config, conversation, demo as wire_demo, live, mail as wire_mail, mail_accounts as wire_mail_accounts,
        mail_asides as wire_mail_asides, mail_health as wire_mail_health, mail_sign_in as wire_mail_sign_in,
        mail_suppressions as wire_mail_suppressions, moves as wire_moves, people, ratings as wire_ratings,
        recordings as wire_recordings, schedules as wire_schedules, session as wire_session, simulation, skills,
        start as wire_start, templates as wire_templates, why as wire_why,
    },
};

macro_rules! routes {
    ($($method:ident $path:literal $handler:path, $access:expr, $tag:literal, $summary:literal
        $(, query $query:ty)? $(, body $body:ty)? $(, patch $patch:ty)?, $status:literal
        $(, gives $answer:ty)? $(, page $page:ty)?;)*) => {
        /// The table.
        pub static ROUTES: &[Route] = &[$(Route {
            method: Method::$method,
            path: $path,
            access: $access,
            tag: $tag,
            summary: $summary,
            status: $status,
            register: || web::method(Method::$method).to($handler),
            query: &[$(query_of::<$query>)?],
            body: &[$(<$body>::document)? $(PatchOf::<$patch>::document)?],
            answer: &[$(<$answer>::document)? $(PageOf::<$page>::document)?],
        },)*];
    };
}

/// Who works on conversations: agents on theirs, supervisors on any in scope.
const WORK: Access = Access::Any(&[Answer, ForceConversations]);
/// Who sees conversations.
const SEE: Access = Access::Any(&[Answer, ReadConversations]);
const READ_CONFIG: Access = Access::Any(&[ReadConfig]);
const WRITE_CONFIG: Access = Access::Any(&[WriteConfig]);
const WRITE_MEMBERS: Access = Access::Any(&[WriteMembers]);
const READ_USERS: Access = Access::Any(&[ReadUsers]);
const WRITE_USERS: Access = Access::Any(&[WriteUsers]);
const READ_CONTACTS: Access = Access::Any(&[ReadContacts]);
const WRITE_CONTACTS: Access = Access::Any(&[WriteContacts]);
/// Agents those with whom they have an open conversation.
const READ_CONTACT: Access = Access::Any(&[ReadContacts, Answer]);
const WRITE_CONTACT: Access = Access::Any(&[WriteContacts, Answer]);
const LOOK_AT_ASIDES: Access = Access::Any(&[ReadConversations]);
const CONTROL_AGENTS: Access = Access::Any(&[ControlAgents]);
const READ_BOARD: Access = Access::Any(&[ReadBoard]);

routes! {
    GET "/healthz" ops::healthz, Access::Public, "operation", "Whether the process lives", 200;
    GET "/readyz" ops::readyz, Access::Public, "operation", "Whether it can take work now", 200;
    GET "/metrics" ops::metrics, Access::Operator, "operation", "Numbers for Prometheus", 200;
    GET "/openapi.json" docs::openapi, Access::Public, "operation", "This document", 200;
    GET "/docs" docs::page, Access::Public, "operation", "This document, to read", 200;
    GET "/docs/viewer.js" docs::script, Access::Public, "operation", "Part of /docs", 200;
    GET "/docs/viewer.css" docs::style, Access::Public, "operation", "Part of /docs", 200;

    POST "/hooks/{channel}" webhooks::receive, Access::Signed, "channels",
        "A connected system hands over a message or a receipt", 200;

    GET "/ws" sockets::staff, Access::Own, "live", "The live protocol for staff (WebSocket)", 101;
    GET "/widget/ws" sockets::visitor, Access::Visitor, "live", "The live protocol for visitors (WebSocket)", 101;
    GET "/widget/loader.js" widget::loader, Access::Public, "widget", "Puts the launcher on a page", 200;
    GET "/widget/frame/{channel}" widget::frame, Access::Public, "widget", "The chat itself, in a frame", 200;
    GET "/widget/v1/{channel}/config" widget::config, Access::Public, "widget", "What a web chat looks like and asks",
        200, gives widget::WidgetConfig;
    POST "/widget/v1/{channel}/session" widget::session, Access::Public, "widget",
        "A new visitor of a web chat, or who the company says it is", body widget::NewVisitor, 200, gives widget::VisitorSession;
    PUT "/widget/v1/answers" widget::put_answers, Access::Visitor, "widget", "A visitor answers the form before the chat",
        body widget::Answers, 204;
    POST "/widget/v1/messages" widget::message, Access::Visitor, "widget", "A visitor writes",
        body widget::VisitorMessage, 200, gives widget::VisitorStored;
    POST "/widget/v1/attachments" widget::create_file, Access::Visitor, "widget", "A visitor uploads a file",
        query widget::FileQuery, body File, 201, gives conversation::Attachment;
    GET "/widget/v1/attachments/{id}" widget::show_file, Access::Visitor, "widget", "A file of the visitor's conversation",
        200, gives File;
    POST "/widget/v1/leave" widget::leave, Access::Visitor, "widget", "A visitor does not wait any longer",
        body widget::Leaving, 204;
    POST "/widget/v1/rating" widget::rate, Access::Visitor, "widget", "What a visitor thought of a conversation",
        body widget::RatingFields, 204;

    GET "/oauth/mail" mail_sign_in::back, Access::Public, "mail",
        "Where a provider sends a browser back to: a page that says what came of it", 200;
    GET "/rate/style.css" rate::style, Access::Public, "mail", "Part of the page on which mails are rated", 200;
    GET "/rate/{account}/{token}" rate::show, Access::Public, "mail", "The page on which a mail is rated; the token is in the mail", 200;
    POST "/rate/{account}/{token}" rate::rate, Access::Public, "mail", "A receiver rates a mail (a form)", 200;

    POST "/api/v1/session" session::create, Access::Public, "session", "Sign in",
        body wire_session::SignIn, 200, gives wire_session::Profile;
    DELETE "/api/v1/session" session::delete, Access::Own, "session", "Sign out", 204;
    GET "/api/v1/me" me::show, Access::Own, "session", "Who is signed in and what they may do", 200, gives wire_session::Profile;
    PATCH "/api/v1/me" me::change, Access::Own, "session", "Change one's name, language, region and settings",
        patch wire_session::ProfileFields, 200, gives wire_session::Profile;
    PUT "/api/v1/me/password" me::change_password, Access::Own, "session", "Choose another password",
        body wire_session::ChangePassword, 204;
    GET "/api/v1/me/sessions" me::sessions, Access::Own, "session", "Where one is signed in", 200, page wire_session::Session;
    DELETE "/api/v1/me/sessions/{id}" me::end_session, Access::Own, "session", "Sign out there", 204;
    POST "/api/v1/invitations/check" invitations::check, Access::Public, "session", "Whom an invitation is for",
        body people::CheckInvitation, 200, gives people::Invited;
    POST "/api/v1/invitations/accept" invitations::accept, Access::Public, "session", "Choose a password with an invitation",
        body people::AcceptInvitation, 204;
    POST "/api/v1/me/presence" me::set_presence, Access::Any(&[Answer]), "session", "Take offers, or take a break",
        body wire_session::SetPresence, 200, gives live::Presence;

    GET "/api/v1/demo" demo::show, Access::Public, "demo", "Who can look at the demo; 404 on any other server",
        200, gives wire_demo::Info;
    PATCH "/api/v1/demo" demo::change, WRITE_CONFIG, "demo", "How lively the demo is", body wire_demo::Pace,
        200, gives wire_demo::Info;
    DELETE "/api/v1/demo" demo::erase, WRITE_CONFIG, "demo", "Stop the server and erase the demo", 202;
    POST "/api/v1/demo/session" demo::enter, Access::Public, "demo", "Sign in as one of the demo's people",
        body wire_demo::Entry, 200, gives wire_session::Profile;

    GET "/api/v1/mail-ratings" ratings::show, Access::Any(&[ReadConversations]), "mail", "What receivers of mails thought of them",
        query ratings::RatingsQuery, 200, gives wire_ratings::MailRatings;
    GET "/api/v1/conversations" conversations::list, SEE, "conversations", "Conversations, the newest first",
        query ConversationsQuery, 200, page conversation::Summary;
    POST "/api/v1/conversations" start::create, WORK, "conversations", "Write to a customer first",
        body wire_start::StartConversation, 201, gives conversation::Done;
    POST "/api/v1/conversations/moves" moves::create, Access::Any(&[ForceConversations]), "conversations",
        "Give waiting conversations to an agent, move them to another queue, or say how urgent they are: each by itself",
        body wire_moves::MoveConversations, 200, gives wire_moves::ConversationsMoved;
    GET "/api/v1/conversations/{id}" conversations::show, SEE, "conversations", "One conversation", 200, gives conversation::Summary;
    GET "/api/v1/conversations/{id}/messages" conversations::messages, SEE, "conversations", "Its messages, the latest first",
        query MessagesQuery, 200, page conversation::Message;
    GET "/api/v1/conversations/{id}/export" export::show, Access::Any(&[ReadConversations]), "conversations",
        "One conversation as a file: a page to read and print, JSON, plain text", query ExportQuery, 200, gives File;
    GET "/api/v1/recordings" recordings::list, Access::Any(&[ReadConversations]), "conversations",
        "Conversations of all channels, found by their days, words, customers, campaigns and agents: the newest first",
        query RecordingsQuery, 200, gives wire_recordings::RecordingsFound;
    GET "/api/v1/conversations/{id}/visitor" conversations::visitor, SEE, "conversations",
        "What the visitor of a web chat said before and after", 200, gives conversation::VisitorCard;
    GET "/api/v1/conversations/{id}/why" why::show, SEE, "conversations",
        "Why an agent got it, and who could have it now", query WhyQuery, 200, gives wire_why::Why;
    POST "/api/v1/conversations/{id}/messages" conversations::reply, Access::Any(&[Answer]), "conversations",
        "Answer the customer", body command::Reply, 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/notes" conversations::note, WORK, "conversations",
        "Write a note for colleagues; the customer never sees it", body command::Note, 200, gives conversation::Done;
    GET "/api/v1/conversations/{id}/answer" mail_answer::prepare, WORK, "mail", "What an answer by mail would be",
        query AnswerQuery, 200, gives wire_mail::MailAnswer;
    GET "/api/v1/conversations/{id}/messages/{message}/mail" mail::show, SEE, "mail", "What a mail looks like",
        200, gives wire_mail::MailView;
    GET "/api/v1/conversations/{id}/messages/{message}/mail/header" mail::header, SEE, "mail", "All fields of its header",
        200, gives wire_mail::MailHeader;
    GET "/api/v1/conversations/{id}/messages/{message}/mail/source" mail::source, SEE, "mail", "The mail as it came in, to be saved",
        200, gives File;
    POST "/api/v1/conversations/{id}/messages/{message}/mail/pictures/{number}" mail::picture, SEE, "mail",
        "A picture of the world outside that it would show", 200, gives File;
    POST "/api/v1/conversations/{id}/messages/{message}/retry" conversations::retry, Access::Any(&[Answer]), "conversations",
        "Send again what could not be sent", 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/messages/{message}/cancel" mails::cancel, WORK, "conversations",
        "Withdraw a mail that has not left yet", 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/accept" conversations::accept, Access::Any(&[Answer]), "conversations", "Take an offer",
        body command::AnswerOffer, 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/take" conversations::take, Access::Any(&[Answer]), "conversations",
        "Take a waiting conversation out of turn", 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/decline" conversations::decline, Access::Any(&[Answer]), "conversations",
        "Decline an offer", body command::AnswerOffer, 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/transfer" conversations::transfer, WORK, "conversations",
        "Give it to another agent or campaign", body command::Transfer, 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/consult" consult::begin, WORK, "conversations",
        "Ask a colleague to read along and to write notes", body command::Consult, 200, gives conversation::Done;
    DELETE "/api/v1/conversations/{id}/consult" consult::end, WORK, "conversations",
        "Consult the colleague no longer", 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/close" conversations::close, WORK, "conversations", "Close it",
        body command::Close, 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/snooze" conversations::snooze, Access::Any(&[Answer]), "conversations",
        "Put it aside until then, or until the customer writes", body command::Snooze, 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/wake" conversations::wake, Access::Any(&[Answer]), "conversations",
        "Take it up again", 200, gives conversation::Done;
    PUT "/api/v1/conversations/{id}/tags" conversations::tag, WORK, "conversations", "Label it",
        body command::Tag, 200, gives conversation::Done;
    PUT "/api/v1/conversations/{id}/priority" conversations::prioritise, WORK, "conversations", "Say how urgent it is",
        body command::Prioritise, 200, gives conversation::Done;
    PUT "/api/v1/conversations/{id}/skills" conversation_skills::ask_for, WORK, "conversations",
        "Say what whoever serves it must be good at", body skills::AskFor, 200, gives conversation::Done;
    PUT "/api/v1/conversations/{id}/fields" conversations::set_fields, WORK, "conversations", "Fill in dynamic fields",
        body command::SetFields, 200, gives conversation::Done;
    POST "/api/v1/conversations/{id}/wrap-up/end" conversations::end_wrap_up, Access::Any(&[Answer]), "conversations",
        "End the wrap-up early", 200, gives conversation::Done;

    POST "/api/v1/conversations/{id}/resources/{resource}" resources::pick, Access::Any(&[Answer]), "gallery",
        "A copy of a file of the gallery, to be sent in this conversation", 201, gives conversation::Attachment;

    GET "/api/v1/drafts" drafts::list, Access::Own, "conversations", "What one has begun to write", 200, page conversation::Draft;
    PUT "/api/v1/drafts/{conversation}/{mode}" drafts::put, Access::Own, "conversations",
        "Save a draft; `mode` is `reply` or `note`", body command::PutDraft, 200, gives conversation::Draft;
    DELETE "/api/v1/drafts/{conversation}/{mode}" drafts::delete, Access::Own, "conversations", "Throw a draft away", 204;

    POST "/api/v1/attachments" attachments::create, WORK, "attachments", "Upload a file",
        query UploadQuery, body File, 201, gives conversation::Attachment;
    GET "/api/v1/attachments/{id}" attachments::show, SEE, "attachments", "Download a file", 200, gives File;

    GET "/api/v1/mail-asides" mail_asides::list, LOOK_AT_ASIDES, "mail",
        "Mails that are nobody's message: ours, automatic ones, reports, and what could not be read; the newest first",
        query MailAsidesQuery, 200, page wire_mail_asides::MailAside;
    GET "/api/v1/mail-asides/{id}" mail_asides::show, LOOK_AT_ASIDES, "mail", "One of them", 200, gives wire_mail_asides::MailAside;
    GET "/api/v1/mail-asides/{id}/source" mail_asides::source, LOOK_AT_ASIDES, "mail", "Download it as it came in", 200, gives File;
    POST "/api/v1/mail-asides/{id}/retry" mail_asides::retry, Access::Any(&[ForceConversations]), "mail",
        "Take it in as a customer's message, whatever it says of itself", 200, gives wire_mail_asides::MailAside;
    POST "/api/v1/mail-asides/{id}/dismiss" mail_asides::dismiss, Access::Any(&[ForceConversations]), "mail",
        "Say that it is of no interest", 200, gives wire_mail_asides::MailAside;
    GET "/api/v1/mail-suppressions" mail_suppressions::list, READ_CONTACTS, "mail",
        "Addresses that are not written to by mail any more, or were not until somebody lifted that; the newest first",
        query MailSuppressionsQuery, 200, page wire_mail_suppressions::MailSuppression;
    POST "/api/v1/mail-suppressions" mail_suppressions::create, WRITE_CONTACTS, "mail", "Send nothing to an address any more",
        body wire_mail_suppressions::MailSuppressionFields, 201, gives wire_mail_suppressions::MailSuppression;
    DELETE "/api/v1/mail-suppressions/{id}" mail_suppressions::lift, WRITE_CONTACTS, "mail",
        "Let mails go to an address again, until it complains again", 204;

    GET "/api/v1/contacts" contacts::list, READ_CONTACTS, "contacts", "Contacts, the newest first",
        query ContactsQuery, 200, page people::Contact;
    GET "/api/v1/contacts/{id}" contacts::show, READ_CONTACT, "contacts", "One contact", 200, gives people::Contact;
    GET "/api/v1/contacts/{id}/conversations" conversations::of_contact, SEE, "contacts",
        "Conversations with a contact, the newest first", query HistoryQuery, 200, page conversation::Summary;
    PATCH "/api/v1/contacts/{id}" contacts::change, WRITE_CONTACT, "contacts", "Rename a contact, or change its notes",
        patch people::ContactFields, 200, gives people::Contact;
    POST "/api/v1/contacts/{id}/addresses" contacts::add_address, WRITE_CONTACTS, "contacts", "Add an address",
        body people::ContactAddress, 201, gives people::Contact;

    POST "/api/v1/agents/{id}/pause" agents::pause, CONTROL_AGENTS, "agents", "No new offers for an agent", 200, gives live::Presence;
    POST "/api/v1/agents/{id}/resume" agents::resume, CONTROL_AGENTS, "agents", "End an agent's pause", 200, gives live::Presence;
    POST "/api/v1/agents/{id}/sign-out" agents::sign_out, CONTROL_AGENTS, "agents", "End an agent's shift", 200, gives live::Presence;

    POST "/api/v1/simulations" simulations::run, READ_BOARD, "simulations",
        "See a day of a campaign again under other settings; changes nothing",
        body simulation::SimulationFields, 200, gives simulation::Simulation;

    GET "/api/v1/clients" clients::list, READ_CONFIG, "clients", "Clients", query ListQuery, 200, page config::Client;
    POST "/api/v1/clients" clients::create, WRITE_CONFIG, "clients", "Create a client",
        body config::ClientFields, 201, gives config::Client;
    GET "/api/v1/clients/{id}" clients::show, READ_CONFIG, "clients", "One client", 200, gives config::Client;
    PATCH "/api/v1/clients/{id}" clients::change, WRITE_CONFIG, "clients", "Change a client",
        patch config::ClientFields, 200, gives config::Client;

    GET "/api/v1/projects" projects::list, READ_CONFIG, "clients", "Projects of all clients in scope",
        query ListQuery, 200, page config::ProjectView;
    POST "/api/v1/projects" projects::create, WRITE_CONFIG, "clients", "Create a project",
        body config::ProjectFields, 201, gives config::ProjectView;
    GET "/api/v1/projects/{id}" projects::show, READ_CONFIG, "clients", "One project", 200, gives config::ProjectView;
    PATCH "/api/v1/projects/{id}" projects::change, WRITE_CONFIG, "clients", "Change a project",
        patch config::ProjectFields, 200, gives config::ProjectView;
    DELETE "/api/v1/projects/{id}" projects::delete, WRITE_CONFIG, "clients", "Drop a project without campaigns", 204;

    GET "/api/v1/campaign-overview" campaign_overview::list, Access::Any(&[ReadBoard]), "campaigns",
        "Campaigns, how they stand and what waits", query OverviewQuery, 200, page config::CampaignOverview;
    GET "/api/v1/service-levels" service_levels::list, Access::Any(&[ReadBoard]), "campaigns",
        "How well campaigns are served, today and now", query ServiceLevelsQuery, 200, page live::CampaignRow;
    GET "/api/v1/campaigns/{id}/readiness" campaign_overview::readiness, READ_CONFIG, "campaigns",
        "Whether a campaign can start", 200, gives config::Readiness;
    GET "/api/v1/campaigns" campaigns::list, READ_CONFIG, "campaigns", "Campaigns",
        query ListQuery, 200, page config::CampaignView;
    POST "/api/v1/campaigns" campaigns::create, WRITE_CONFIG, "campaigns", "Create a campaign",
        body config::CampaignFields, 201, gives config::CampaignView;
    GET "/api/v1/campaigns/{id}" campaigns::show, READ_CONFIG, "campaigns", "One campaign", 200, gives config::CampaignView;
    PATCH "/api/v1/campaigns/{id}" campaigns::change, WRITE_CONFIG, "campaigns", "Change a campaign",
        patch config::CampaignFields, 200, gives config::CampaignView;
    DELETE "/api/v1/campaigns/{id}" campaigns::archive, WRITE_CONFIG, "campaigns", "Put a campaign away; its history stays",
        200, gives config::CampaignView;
    POST "/api/v1/campaigns/{id}/restore" campaigns::restore, WRITE_CONFIG, "campaigns", "Take a campaign back",
        200, gives config::CampaignView;
    POST "/api/v1/members" members::change, WRITE_MEMBERS, "campaigns", "Several changes of who works where: all or none",
        body config::MemberChanges, 200, gives config::MembersChanged;
    GET "/api/v1/campaigns/{id}/members" members::list, READ_CONFIG, "campaigns", "Members of a campaign",
        query ListQuery, 200, page config::Member;
    PUT "/api/v1/campaigns/{id}/members/{user}" members::put, WRITE_MEMBERS, "campaigns", "Make somebody a member",
        body config::MemberFields, 200, gives config::Member;
    DELETE "/api/v1/campaigns/{id}/members/{user}" members::delete, WRITE_MEMBERS, "campaigns", "End a membership", 204;

    GET "/api/v1/channels" channels::list, WRITE_CONFIG, "channels", "Channel accounts",
        query ListQuery, 200, page config::ChannelView;
    POST "/api/v1/channels" channels::create, WRITE_CONFIG, "channels", "Create a channel account",
        body config::ChannelFields, 201, gives config::ChannelView;
    GET "/api/v1/channels/{id}" channels::show, WRITE_CONFIG, "channels", "One channel account", 200, gives config::ChannelView;
    PATCH "/api/v1/channels/{id}" channels::change, WRITE_CONFIG, "channels", "Change a channel account",
        patch config::ChannelFields, 200, gives config::ChannelView;
    GET "/api/v1/channels/{id}/secrets" channels::secrets, WRITE_CONFIG, "channels", "Its signing secrets: ids and dates",
        200, page config::ChannelSecret;
    POST "/api/v1/channels/{id}/secrets" channels::create_secret, WRITE_CONFIG, "channels",
        "Make a signing secret; shown this once", 201, gives config::NewChannelSecret;
    PATCH "/api/v1/channels/{id}/secrets/{secret}" channels::expire_secret, WRITE_CONFIG, "channels",
        "Say when a signing secret stops counting", body config::ChannelSecretFields, 200, gives config::ChannelSecret;
    DELETE "/api/v1/channels/{id}/secrets/{secret}" channels::delete_secret, WRITE_CONFIG, "channels",
        "Drop a signing secret at once", 204;

    GET "/api/v1/mail-accounts" mail_accounts::list, WRITE_CONFIG, "mail", "Mail accounts",
        query ListQuery, 200, page wire_mail_accounts::MailAccountView;
    POST "/api/v1/mail-accounts" mail_accounts::create, WRITE_CONFIG, "mail",
        "Create a mail account; its servers are asked first", body wire_mail_accounts::MailAccountFields, 201, gives wire_mail_accounts::MailAccountView;
    POST "/api/v1/mail-accounts/discover" mail_discovery::find, WRITE_CONFIG, "mail",
        "Servers of an address, to be confirmed", body wire_mail_accounts::DiscoverMail, 200, gives wire_mail_accounts::MailProposals;
    POST "/api/v1/mail-accounts/test" mail_attempt::test, WRITE_CONFIG, "mail",
        "Try an account, saved or not: a line of JSON for each step as soon as it is done",
        body wire_mail_accounts::MailTest, 200, gives wire_mail_accounts::MailTestLine;
    GET "/api/v1/mail-accounts/health" mail_health::list, WRITE_CONFIG, "mail", "How mail accounts do now",
        200, page wire_mail_health::MailAccountHealth;
    GET "/api/v1/mail-accounts/{id}" mail_accounts::show, WRITE_CONFIG, "mail", "One mail account",
        200, gives wire_mail_accounts::MailAccountView;
    PATCH "/api/v1/mail-accounts/{id}" mail_accounts::change, WRITE_CONFIG, "mail",
        "Change a mail account; its servers are asked first when that matters",
        patch wire_mail_accounts::MailAccountFields, 200, gives wire_mail_accounts::MailAccountView;
    PUT "/api/v1/mail-accounts/{id}/password" mail_accounts::set_password, WRITE_CONFIG, "mail",
        "Set a mail account's password; write-only", body wire_mail_accounts::MailPasswords, 200, gives wire_mail_accounts::MailAccountView;
    POST "/api/v1/mail-accounts/{id}/sign-in" mail_sign_in::begin, WRITE_CONFIG, "mail",
        "Begin to sign a mail account in at its provider; a browser goes on with it", body wire_mail_sign_in::BeginMailSignIn,
        200, gives wire_mail_sign_in::MailSignIn;
    DELETE "/api/v1/mail-accounts/{id}/sign-in" mail_sign_in::out, WRITE_CONFIG, "mail",
        "Sign a mail account out, here; it is off then", 200, gives wire_mail_accounts::MailAccountView;
    DELETE "/api/v1/mail-accounts/{id}" mail_accounts::archive, WRITE_CONFIG, "mail",
        "Put a mail account away; its history stays", 200, gives wire_mail_accounts::MailAccountView;
    POST "/api/v1/mail-accounts/{id}/restore" mail_accounts::restore, WRITE_CONFIG, "mail",
        "Take a mail account back, switched off", 200, gives wire_mail_accounts::MailAccountView;
    GET "/api/v1/clients/{id}/mail-providers" mail_providers::list, WRITE_CONFIG, "mail",
        "Providers at which mail accounts of a client sign in", 200, gives wire_mail_sign_in::MailProviders;
    PUT "/api/v1/clients/{id}/mail-providers/{provider}" mail_providers::put, WRITE_CONFIG, "mail",
        "Set a provider up: google, microsoft or generic", body wire_mail_sign_in::MailProviderFields, 200, gives wire_mail_sign_in::MailProvider;
    DELETE "/api/v1/clients/{id}/mail-providers/{provider}" mail_providers::remove, WRITE_CONFIG, "mail",
        "Forget a provider that no account signs in at", 204;
    GET "/api/v1/clients/{id}/mail-areas" mail_areas::show, WRITE_CONFIG, "mail",
        "From which account mails of each kind go", 200, gives wire_mail_accounts::MailAreas;
    PUT "/api/v1/clients/{id}/mail-areas" mail_areas::put, WRITE_CONFIG, "mail",
        "Say from which account mails of each kind go", body wire_mail_accounts::MailAreas, 200, gives wire_mail_accounts::MailAreas;

    GET "/api/v1/dispositions" dispositions::list, READ_CONFIG, "dispositions", "Dispositions of all clients in scope",
        query ListQuery, 200, page config::DispositionView;
    POST "/api/v1/dispositions" dispositions::create, WRITE_CONFIG, "dispositions", "Create a disposition",
        body config::DispositionFields, 201, gives config::DispositionView;
    GET "/api/v1/dispositions/{id}" dispositions::show, READ_CONFIG, "dispositions", "One disposition",
        200, gives config::DispositionView;
    PATCH "/api/v1/dispositions/{id}" dispositions::change, WRITE_CONFIG, "dispositions", "Change a disposition",
        patch config::DispositionFields, 200, gives config::DispositionView;
    DELETE "/api/v1/dispositions/{id}" dispositions::delete, WRITE_CONFIG, "dispositions",
        "Drop a disposition that no campaign has ever offered", 204;

    GET "/api/v1/fields" fields::list, READ_CONFIG, "fields", "Dynamic fields of all clients in scope",
        query ListQuery, 200, page config::FieldView;
    POST "/api/v1/fields" fields::create, WRITE_CONFIG, "fields", "Create a dynamic field",
        body config::FieldFields, 201, gives config::FieldView;
    GET "/api/v1/fields/{id}" fields::show, READ_CONFIG, "fields", "One dynamic field", 200, gives config::FieldView;
    PATCH "/api/v1/fields/{id}" fields::change, WRITE_CONFIG, "fields", "Change a dynamic field",
        patch config::FieldFields, 200, gives config::FieldView;

    GET "/api/v1/skills" admin_skills::list, READ_CONFIG, "skills", "Skills of all clients in scope",
        query ListQuery, 200, page skills::SkillView;
    POST "/api/v1/skills" admin_skills::create, WRITE_CONFIG, "skills", "Create a skill",
        body skills::SkillFields, 201, gives skills::SkillView;
    GET "/api/v1/skills/{id}" admin_skills::show, READ_CONFIG, "skills", "One skill", 200, gives skills::SkillView;
    PATCH "/api/v1/skills/{id}" admin_skills::change, WRITE_CONFIG, "skills", "Change a skill",
        patch skills::SkillFields, 200, gives skills::SkillView;
    GET "/api/v1/capacity" capacity::show, READ_CONFIG, "capacity", "What conversations weigh", 200, gives skills::Capacity;
    PUT "/api/v1/capacity" capacity::put, WRITE_CONFIG, "capacity", "Say what conversations weigh",
        body skills::Capacity, 200, gives skills::Capacity;

    GET "/api/v1/templates" templates::list, READ_CONFIG, "templates", "Templates of mails of everything in scope",
        query TemplatesQuery, 200, page wire_templates::TemplateRow;
    POST "/api/v1/templates" templates::create, WRITE_CONFIG, "templates", "Create a template",
        body wire_templates::TemplateFields, 201, gives wire_templates::TemplateView;
    POST "/api/v1/templates/preview" templates::preview, READ_CONFIG, "templates",
        "What a template would say; nothing is kept or sent", body wire_templates::TemplateTry, 200, gives wire_templates::TemplateFilled;
    POST "/api/v1/templates/test" mail_template::send, WRITE_CONFIG, "templates",
        "Send a template once, to see how it arrives", body wire_templates::TemplateTest, 200, gives wire_templates::TemplateTested;
    GET "/api/v1/templates/variables" templates::variables, READ_CONFIG, "templates", "What can stand in gaps",
        query VariablesQuery, 200, page wire_templates::TemplateVariable;
    GET "/api/v1/templates/{id}" templates::show, READ_CONFIG, "templates", "One template", 200, gives wire_templates::TemplateView;
    PATCH "/api/v1/templates/{id}" templates::change, WRITE_CONFIG, "templates", "Change a template",
        query ChangeQuery, patch wire_templates::TemplateFields, 200, gives wire_templates::TemplateView;
    DELETE "/api/v1/templates/{id}" templates::archive, WRITE_CONFIG, "templates", "Put a template away",
        200, gives wire_templates::TemplateView;
    POST "/api/v1/templates/{id}/restore" templates::restore, WRITE_CONFIG, "templates", "Take a template back",
        200, gives wire_templates::TemplateView;
    GET "/api/v1/canned-texts" canned_texts::list, READ_CONFIG, "canned texts", "Canned texts of everything in scope",
        query CannedTextsQuery, 200, page config::CannedTextView;
    POST "/api/v1/canned-texts" canned_texts::create, WRITE_CONFIG, "canned texts", "Create a canned text",
        body config::CannedTextFields, 201, gives config::CannedTextView;
    GET "/api/v1/canned-texts/{id}" canned_texts::show, READ_CONFIG, "canned texts", "One canned text",
        200, gives config::CannedTextView;
    PATCH "/api/v1/canned-texts/{id}" canned_texts::change, WRITE_CONFIG, "canned texts", "Change a canned text",
        patch config::CannedTextFields, 200, gives config::CannedTextView;
    DELETE "/api/v1/canned-texts/{id}" canned_texts::delete, WRITE_CONFIG, "canned texts", "Drop a canned text", 204;

    GET "/api/v1/resources" resources::list, READ_CONFIG, "gallery", "Files of the gallery of everything in scope",
        query ResourcesQuery, 200, page config::ResourceView;
    POST "/api/v1/resources" resources::create, WRITE_CONFIG, "gallery", "Upload a file to the gallery",
        query NewResource, body File, 201, gives config::ResourceView;
    GET "/api/v1/resources/{id}" resources::show, READ_CONFIG, "gallery", "One file of the gallery",
        200, gives config::ResourceView;
    PATCH "/api/v1/resources/{id}" resources::change, WRITE_CONFIG, "gallery", "Change a title or a shortcut",
        patch config::ResourceFields, 200, gives config::ResourceView;
    GET "/api/v1/resources/{id}/file" resources::file, READ_CONFIG, "gallery", "The file itself", 200, gives File;
    PUT "/api/v1/resources/{id}/file" resources::replace, WRITE_CONFIG, "gallery", "Another file in its place",
        query NewFile, body File, 200, gives config::ResourceView;
    DELETE "/api/v1/resources/{id}" resources::delete, WRITE_CONFIG, "gallery", "Take a file out of the gallery", 204;

    GET "/api/v1/breaks" breaks::list, READ_CONFIG, "breaks", "Types of break", query ListQuery, 200, page config::BreakView;
    POST "/api/v1/breaks" breaks::create, WRITE_CONFIG, "breaks", "Create a type of break",
        body config::BreakFields, 201, gives config::BreakView;
    GET "/api/v1/breaks/{id}" breaks::show, READ_CONFIG, "breaks", "One type of break", 200, gives config::BreakView;
    PATCH "/api/v1/breaks/{id}" breaks::change, WRITE_CONFIG, "breaks", "Change a type of break",
        patch config::BreakFields, 200, gives config::BreakView;

    GET "/api/v1/schedules" schedules::list, READ_CONFIG, "schedules", "Schedules of all clients in scope",
        query ListQuery, 200, page config::ScheduleView;
    POST "/api/v1/schedules" schedules::create, WRITE_CONFIG, "schedules", "Create a schedule",
        body config::ScheduleFields, 201, gives config::ScheduleView;
    POST "/api/v1/schedules/preview" schedules::preview, READ_CONFIG, "schedules",
        "What a schedule would mean, without storing it", body wire_schedules::AskPreview, 200, gives wire_schedules::SchedulePreview;
    POST "/api/v1/schedules/calendar-file" schedules::read_file, WRITE_CONFIG, "schedules",
        "Days that a calendar file (.ics) gives, without storing them", body wire_schedules::CalendarFile,
        200, gives wire_schedules::CalendarDays;
    GET "/api/v1/schedules/{id}" schedules::show, READ_CONFIG, "schedules", "One schedule", 200, gives config::ScheduleView;
    PATCH "/api/v1/schedules/{id}" schedules::change, WRITE_CONFIG, "schedules", "Change a schedule",
        patch config::ScheduleFields, 200, gives config::ScheduleView;
    GET "/api/v1/schedules/{id}/holidays" schedules::list_holidays, READ_CONFIG, "schedules", "Its holidays of a year",
        query schedules::YearQuery, 200, page wire_schedules::HolidayRow;
    DELETE "/api/v1/schedules/{id}" schedules::delete, WRITE_CONFIG, "schedules", "Drop a schedule nobody uses", 204;

    GET "/api/v1/users" users::list, READ_USERS, "users", "Users", query ListQuery, 200, page people::User;
    POST "/api/v1/users" users::create, WRITE_USERS, "users", "Create a user", body people::UserFields, 201, gives people::User;
    GET "/api/v1/users/{id}" users::show, READ_USERS, "users", "One user", 200, gives people::User;
    PATCH "/api/v1/users/{id}" users::change, WRITE_USERS, "users", "Change a user", patch people::UserFields, 200, gives people::User;

    POST "/api/v1/users/{id}/invitation" users::invite, WRITE_USERS, "users",
        "Let somebody choose a password; shown this once", body people::InvitationFields, 201, gives people::Invitation;

    GET "/api/v1/tokens" tokens::list, WRITE_USERS, "tokens", "Tokens of programs", query ListQuery, 200, page people::Token;
    POST "/api/v1/tokens" tokens::create, WRITE_USERS, "tokens", "Make a token; shown this once",
        body people::TokenFields, 201, gives people::NewToken;
    DELETE "/api/v1/tokens/{id}" tokens::delete, WRITE_USERS, "tokens", "Make a token void", 204;
}

/// The row of a method at an address pattern.
pub fn find(method: &Method, pattern: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.method == *method && route.path == pattern)
}

/// The methods of an address pattern.
pub fn methods(pattern: &str) -> Vec<&'static str> {
    ROUTES.iter().filter(|route| route.path == pattern).map(|route| route.method.as_str()).collect()
}
