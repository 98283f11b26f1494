//! The product as its users meet it: the real binary, started on a free port with a database of its own for every test,
//! on SQLite and, when `CENTRALITA_TEST_POSTGRES` names a server, on PostgreSQL. One file per capability.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and they live on the wall clock"
)]

mod api;
mod company;
mod database;
mod installation;
mod receiver;
mod socket;
mod world;

mod attachments;
mod authorisation;
mod backup;
mod campaign_permissions;
mod campaigns;
mod canned_texts;
mod closing;
mod configuration;
mod consult;
mod contact_panel;
mod conversation_flow;
mod demo;
mod desk;
mod doctor;
mod durability;
mod dynamic_fields;
mod gallery;
mod holding;
mod hostile_input;
mod idempotency;
mod live;
mod logs;
mod mail_accounts;
mod mail_sending;
mod mail_servers;
mod mail_sign_in;
mod mail_standing;
mod mailbox;
mod monitoring;
mod moves;
mod openapi;
mod packaging;
mod people;
mod recordings;
mod routing;
mod schedules;
mod secrets;
mod service_levels;
mod sessions;
mod simulation;
mod skills;
mod start;
mod strategies;
mod suppressions;
mod template_test;
mod templates;
mod web_chat;
mod webhooks;
mod why;
