//! Every row of the table of what a mail can be.

use super::*;
use crate::{
    channels::email::understand::{Context, OurMessage, ThreadKey, mint, report::Complaint, understand},
    ids::{ChannelId, ClientId, MessageId},
};

const OWN: &str = "ayuda@casa.example";

fn key() -> ThreadKey {
    ThreadKey::new(&[7; 32], ClientId::from_u128(1), ChannelId::from_u128(2))
}

fn read(raw: &str) -> Understood {
    let raw = raw.replace('\n', "\r\n");
    understand(raw.as_bytes(), &Context { keys: &[key()], own: &[OWN.to_owned()], return_path: None }).unwrap()
}

fn with(fields: &str) -> Understood {
    read(&format!("From: Ana <ana@x.example>\nTo: {OWN}\nSubject: hola\nMessage-ID: <1@x>\n{fields}\nhola\n"))
}

#[test]
fn a_mail_is_a_customer_s_unless_it_says_otherwise() {
    use MailAsideKind::{Automatic, Own};
    let aside = |kind, reason: &str| Verdict::Aside(kind, reason.to_owned());
    let tag = format!("X-Centralita-Loop: {}\n", key().loop_tag());
    for (fields, expected) in [
        ("", Verdict::Customer),
        ("X-Auto-Response-Suppress: All\n", Verdict::Customer),
        ("Auto-Submitted: no\n", Verdict::Customer),
        ("X-Centralita-Loop: somebody-elses\n", Verdict::Customer),
        (tag.as_str(), aside(Own, "own_mark")),
        ("Auto-Submitted: auto-replied\n", aside(Automatic, "auto_submitted")),
        ("X-Autoreply: yes\n", aside(Automatic, "reply_header")),
        ("List-Id: <x>\n", aside(Automatic, "list")),
        ("Precedence: bulk\n", aside(Automatic, "precedence")),
        ("Return-Path: <>\n", aside(Automatic, "return_path")),
    ] {
        assert_eq!(verdict(&with(fields), false), expected, "{fields}");
        assert_eq!(verdict(&with(fields), true), Verdict::Customer, "{fields}");
    }
    let noreply = read("From: noreply@x.example\nSubject: x\n\nx\n");
    assert_eq!(verdict(&noreply, false), aside(Automatic, "author"));
}

fn candidate(number: u128, participants: &[&str], is_proven: bool) -> Candidate {
    let participants = participants.iter().map(|one| (*one).to_owned()).collect();
    Candidate { conversation: ConversationId::from_u128(number), participants, is_proven }
}

#[test]
fn only_who_takes_part_joins() {
    let ana = Mailbox { name: String::new(), address: "ana@x.example".to_owned() };
    let own = [OWN.to_owned()];
    let us = Mailbox { name: String::new(), address: OWN.to_owned() };
    let joins = |number| Place::Joins(ConversationId::from_u128(number));
    let new = |number: Option<u128>| Place::New { names: number.map(ConversationId::from_u128) };
    let (hers, signed) = (candidate(1, &["Ana@X.example"], false), candidate(2, &["ana@x.example"], true));
    let (others, others_signed) = (candidate(3, &["beto@x.example"], false), candidate(4, &["beto@x.example"], true));
    let with_us = candidate(5, &["ana@x.example", OWN], true);
    for (author, proof, candidates, expected) in [
        (&ana, Proof::Unsaid, vec![], new(None)),
        (&ana, Proof::Unsaid, vec![hers.clone()], joins(1)),
        (&ana, Proof::Passed, vec![signed.clone(), hers.clone()], joins(2)),
        (&ana, Proof::Failed, vec![signed.clone(), hers.clone()], new(Some(2))),
        (&ana, Proof::Failed, vec![hers.clone()], new(None)),
        (&ana, Proof::Passed, vec![others.clone()], new(None)),
        (&ana, Proof::Passed, vec![others_signed.clone()], new(Some(4))),
        (&ana, Proof::Passed, vec![others_signed, hers], joins(1)),
        (&us, Proof::Passed, vec![with_us], new(Some(5))),
    ] {
        assert_eq!(place(author, &own, proof, &candidates), expected, "{author:?} {proof:?} {candidates:?}");
    }
}

fn bounce(to: &str, action: &str, status: &str) -> Report {
    let id = mint(ConversationId::from_u128(1), MessageId::from_u128(2), &key(), "casa.example");
    let mail = read(&format!(
        "From: MAILER-DAEMON@x.example\nSubject: failure\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nfailed\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; {to}\n\
         Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; no such user, Ana\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <{id}>\nFrom: {OWN}\n\nhola\n--b--\n"
    ));
    assert!(matches!(verdict(&mail, false), Verdict::Aside(MailAsideKind::Report, _)), "{:?}", verdict(&mail, false));
    assert!(matches!(verdict(&mail, true), Verdict::Customer));
    mail.report.unwrap()
}

#[test]
fn a_report_moves_what_went_to_whom_it_names_and_nothing_else() {
    let to = |addresses: &[&str]| addresses.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let moves = |report: &Report, receivers: &[&str]| effect(report, &to(receivers)).moves;
    let failed = bounce("Ana@x.example", "failed", "5.1.1");
    let rejected = Some((Delivery::Rejected, Some("unknown_address:5.1.1".to_owned())));
    assert_eq!(moves(&failed, &["ana@x.example"]), rejected);
    assert_eq!(moves(&failed, &["beto@x.example", "ana@x.example"]), rejected);
    assert_eq!(moves(&failed, &["beto@x.example"]), None);
    assert_eq!(moves(&failed, &[]), None);
    let left_out = |receivers: &[&str]| effect(&failed, &to(receivers)).left_out;
    let hers = ("ana@x.example".to_owned(), "unknown_address:5.1.1".to_owned(), "no such user, Ana".to_owned());
    assert_eq!((left_out(&["beto@x.example", "ana@x.example"]), left_out(&["beto@x.example"])), (vec![hers], vec![]));
    assert_eq!(moves(&bounce("ana@x.example", "delayed", "4.4.1"), &["ana@x.example"]), None);
    let delivered = bounce("ana@x.example", "delivered", "2.0.0");
    assert_eq!(moves(&delivered, &["ana@x.example"]), Some((Delivery::Delivered, None)));
    assert_eq!(moves(&delivered, &["ana@x.example", "beto@x.example"]), None);
}

#[test]
fn a_complaint_counts_for_the_one_who_got_the_mail() {
    let about = Some(OurMessage { conversation: ConversationId::from_u128(1), message: MessageId::from_u128(2) });
    let complaint = |kind: &str, recipient: Option<&str>| {
        Report::Complaint(Complaint { about, kind: kind.to_owned(), recipient: recipient.map(str::to_owned), reporter: None })
    };
    let (ana, both) = (vec!["ana@x.example".to_owned()], vec!["ana@x.example".to_owned(), "beto@x.example".to_owned()]);
    let complained = Some((Delivery::Complained, Some("complaint".to_owned())));
    for (report, receivers, moves, suppress) in [
        (complaint("abuse", Some("ana@x.example")), &both, complained.clone(), ana.clone()),
        (complaint("abuse", None), &ana, complained, ana.clone()),
        (complaint("abuse", None), &both, None, vec![]),
        (complaint("abuse", Some("carla@x.example")), &both, None, vec![]),
        (complaint("not-spam", Some("ana@x.example")), &ana, None, vec![]),
    ] {
        assert_eq!(effect(&report, receivers), Effect { moves, suppress, left_out: vec![] }, "{report:?}");
    }
}
