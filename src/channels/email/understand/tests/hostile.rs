//! Mails made to cost (security.md, 23 and 25). Each is answered in less than two seconds of CPU and 200 MB, in a debug build too.

use std::fs;

use super::*;

const HEADER: &str = "From: a@b.example\r\nSubject: x\r\n";

fn with(content_type: &str, body: &str) -> Vec<u8> {
    format!("{HEADER}Content-Type: {content_type}\r\n\r\n{body}").into_bytes()
}

fn html(body: &str) -> Vec<u8> {
    with("text/html; charset=utf-8", body)
}

/// Made one after the other: together they would be what is measured.
type Bomb = (&'static str, fn() -> Vec<u8>);

fn bombs() -> Vec<Bomb> {
    vec![
        ("10,000 nested multiparts", || {
            let nested: String =
                (0..10_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
            format!("{HEADER}{nested}\r\nx").into_bytes()
        }),
        ("100,000 parts", || with("multipart/mixed; boundary=b", &"--b\r\n\r\nx\r\n".repeat(100_000))),
        ("100,000 parts of files", || {
            with("multipart/mixed; boundary=b", &"--b\r\nContent-Type: image/png; name=x\r\n\r\n\r\n".repeat(100_000))
        }),
        ("multiparts whose boundary never comes", || {
            let parts: String =
                (0..200_000).map(|n| format!("--b\r\nContent-Type: multipart/mixed; boundary=no{n}\r\n\r\nx\r\n")).collect();
            with("multipart/mixed; boundary=b", &parts)
        }),
        ("a boundary of dashes", || with(&format!("multipart/mixed; boundary={}", "-".repeat(198)), &"-".repeat(20_000_000))),
        ("lines that are nearly boundaries", || {
            with(&format!("multipart/mixed; boundary={}", "-".repeat(198)), &format!("{}\r\n", "-".repeat(199)).repeat(90_000))
        }),
        ("a header of 1 MiB", || format!("{HEADER}X-Long: {}\r\n\r\nx", "x ".repeat(512 * 1024)).into_bytes()),
        ("200,000 header lines", || format!("{HEADER}{}\r\nx", "a: b\r\n".repeat(40_000)).into_bytes()),
        ("RFC 2231 with a million segments", || {
            let segments: String = (0..1_000_000).map(|n| format!(";a*{n}=x")).collect();
            with(&format!("text/plain{segments}"), "x")
        }),
        ("RFC 2231 in every part", || {
            let segments: String = (0..2_000).map(|n| format!(";a*{n}=x")).collect();
            with("multipart/mixed; boundary=b", &format!("--b\r\nContent-Type: text/plain{segments}\r\n\r\nx\r\n").repeat(1_500))
        }),
        ("References a million times", || format!("{HEADER}References: {}\r\n\r\nx", "<a@b> ".repeat(1_000_000)).into_bytes()),
        ("References as many as fit", || format!("{HEADER}References: {}\r\n\r\nx", "<a@b>\r\n ".repeat(30_000)).into_bytes()),
        ("references to tokens", || {
            let token = format!("<c1.{}@x>", "a".repeat(77));
            format!("{HEADER}References: {}\r\n\r\nx", token.repeat(2_900)).into_bytes()
        }),
        ("brackets that open", || {
            format!("{HEADER}References: {}\r\nTo: {}\r\n\r\nx", "<".repeat(100_000), "(".repeat(100_000)).into_bytes()
        }),
        ("a From of comments", || format!("From: {} a@b.example\r\n\r\nx", "(a".repeat(100_000)).into_bytes()),
        ("encoded words", || format!("{HEADER}To: {}\r\n\r\nx", "=?utf-8?B?".repeat(20_000)).into_bytes()),
        ("recipients", || {
            format!("{HEADER}To: {}\r\n\r\nx", (0..20_000).map(|n| format!("a{n}@b.c,")).collect::<String>()).into_bytes()
        }),
        ("<b> 60,000 times", || html(&"<b>".repeat(60_000))),
        ("<div> 60,000 times, closed", || html(&format!("{}x{}", "<div>".repeat(60_000), "</div>".repeat(60_000)))),
        ("formatting that is opened again", || {
            let open: String = (0..30_000).map(|n| format!("<font color=\"#{n}\">")).collect();
            html(&format!("{open}{}", "<p>x".repeat(30_000)))
        }),
        ("formatting across paragraphs", || {
            html(&(0..20_000).map(|n| format!("<p><b><i><font size={n}>x</p>")).collect::<String>())
        }),
        ("text in the wrong place of a table", || html(&format!("<table>{}", "x<b>y</b>".repeat(80_000)))),
        ("tables in tables", || html(&"<table><tr><td>".repeat(60_000))),
        ("tables in tables without cells", || html(&"<table>".repeat(100_000))),
        ("ends without beginnings", || html(&"</p></b></table></br>".repeat(40_000))),
        ("one tag of 300,000 attributes", || {
            html(&format!("<b {}>", (0..150_000).map(|n| format!("a{n} ")).collect::<String>()))
        }),
        ("quotes that do not close", || html(&"<a href=\"".repeat(100_000))),
        ("comments that do not close", || html(&"<!--".repeat(200_000))),
        ("raw text that does not close", || html(&format!("<style>{}", "</styl".repeat(150_000)))),
        ("ampersands", || html(&"&".repeat(1_000_000))),
        ("long references", || html(&"&#x1F60".repeat(140_000))),
        ("less-than signs", || html(&"<".repeat(1_000_000))),
        ("list items and links", || html(&"<li><a href=#x>".repeat(60_000))),
        ("styles", || html(&format!("<p style=\"{}\">", "a:(;".repeat(200_000)))),
        ("pictures in the HTML", || html(&"<img src=\"data:image/png;base64,iVBORw0KGgo=\">".repeat(20_000))),
        ("remote pictures", || html(&(0..30_000).map(|n| format!("<img src=http://x/{n}>")).collect::<String>())),
        ("36 MB of HTML", || html(&"<p>x</p>".repeat(4_400_000))),
        ("a file of 40 MB as base64", || {
            with("application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64", &"AAAA".repeat(13_500_000))
        }),
        ("a file as large as may be", || {
            let line = format!("{}\r\n", "AAAA".repeat(19));
            with("application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64", &line.repeat(470_000))
        }),
        ("36 MB of damaged base64", || {
            with("application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64", &"AA!A\r\n".repeat(6_000_000))
        }),
        ("36 MB of quoted-printable", || {
            with("application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: quoted-printable", &"=ZZ=\r\n".repeat(6_000_000))
        }),
        ("35 parts of 1 MB of HTML", || {
            let part = format!("--b\r\nContent-Type: text/html\r\n\r\n{}\r\n", "<p></p>".repeat(149_000));
            with("multipart/mixed; boundary=b", &part.repeat(35))
        }),
        ("400 parts of empty lines", || {
            with("multipart/mixed; boundary=b", &format!("--b\r\n\r\n{}", "\r\n".repeat(45_000)).repeat(400))
        }),
        ("files in Outlook's wrapping", || {
            let mut mail = with("application/ms-tnef; name=winmail.dat", "\u{78}");
            mail.extend_from_slice(&[0x9f, 0x3e, 0x22, 1, 0]);
            let one = [2, 2, 0x90, 6, 0, 0, 0, 0, 0, 0, 0, 2, 0x0f, 0x80, 6, 0, 1, 0, 0, 0, 65, 65, 0];
            mail.extend(one.repeat(1_400_000));
            mail
        }),
        ("36 MB of marked lines", || with("multipart/mixed; boundary=b", &"--\r\n".repeat(9_000_000))),
        ("36 MB of lines", || with("text/plain", &"\r\n".repeat(18_000_000))),
        ("a quote of 700 KB", || with("text/plain", &format!("x\r\n{}", "> > > > > > > > quoted\r\n".repeat(30_000)))),
        ("introductions that never end", || with("text/plain", &"On 1 a@b.c\r\nEl 1\r\nDe: a\r\n".repeat(25_000))),
        ("a calendar within calendars", || with("text/calendar", &"BEGIN:VEVENT\r\n".repeat(15_000))),
        ("a calendar of parameters", || {
            with("text/calendar", &format!("BEGIN:VEVENT\r\nDTSTART{}:20261122\r\nEND:VEVENT", ";A=B".repeat(7_000)))
        }),
        ("a report about 100,000", || {
            let one = "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n";
            with("message/delivery-status", &one.repeat(100_000))
        }),
        ("a report in prose", || {
            let mut mail = b"From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\n".to_vec();
            mail.extend((0..100_000).flat_map(|n| format!("<a{n}@b.example>:\r\n5.1.\r\n").into_bytes()));
            mail
        }),
    ]
}

/// Nanoseconds of CPU that this thread has taken.
fn cpu() -> u64 {
    fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse().unwrap()
}

/// A line of `/proc/self/status` in kB.
fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let found = status.lines().find(|found| found.starts_with(line)).unwrap();
    found.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Alone in its process, so that what it takes can be measured.
#[test]
fn bombs_cost_little() {
    let exe = std::env::current_exe().unwrap();
    let child = std::process::Command::new(exe)
        .args([
            "--exact",
            "channels::email::understand::tests::hostile::bombs_in_a_process_of_their_own",
            "--ignored",
            "--nocapture",
        ])
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

/// Of CPU; without optimisation everything takes many times as long.
const BAR_MS: u64 = if cfg!(debug_assertions) { 6_000 } else { 2_000 };

#[test]
#[ignore = "bombs_cost_little runs it in a process of its own"]
fn bombs_in_a_process_of_their_own() {
    let mut failed = Vec::new();
    // What earlier ones left behind counts as well, and so does the mail itself.
    let before = memory("VmRSS");
    for (name, bomb) in bombs() {
        let raw = bomb();
        let _ = fs::write("/proc/self/clear_refs", "5");
        let started = cpu();
        let answer = understood(&raw);
        let (took, more) = ((cpu() - started) / 1_000_000, memory("VmHWM").saturating_sub(before) / 1024);
        println!(
            "{name}: {took} ms, {more} MB, {}",
            match &answer {
                Ok(mail) => format!("{} files, {} of text, {:?}", mail.files.len(), mail.text.len(), mail.cuts),
                Err(why) => format!("{why:?}"),
            }
        );
        if let Ok(mail) = &answer {
            check(mail);
        }
        if took >= BAR_MS || more >= 200 {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "too much: {failed:?}");
}

#[test]
fn what_is_cut_is_marked() {
    let cuts = |raw: &[u8]| understood(raw).map(|mail| mail.cuts.into_iter().collect::<Vec<_>>());
    assert_eq!(cuts(&with("multipart/mixed; boundary=b", &"--b\r\n\r\nx\r\n".repeat(600))), Ok(vec![Cut::Parts]));
    assert_eq!(cuts(&html(&"<div>".repeat(200))), Ok(vec![Cut::HtmlDepth]));
    assert_eq!(cuts(&with("text/plain", &"x ".repeat(400_000))), Ok(vec![Cut::Text]));
    assert_eq!(cuts(&format!("{HEADER}X: {}\r\n\r\nx", "x".repeat(300_000)).into_bytes()), Err(Unreadable::HeaderTooLong));
    assert_eq!(cuts(&vec![b'x'; bounds::MAX_RAW_BYTES + 1]), Err(Unreadable::TooLarge));
    let files = "--b\r\nContent-Type: image/png; name=x\r\n\r\nx\r\n".repeat(150);
    assert_eq!(cuts(&with("multipart/mixed; boundary=b", &files)), Ok(vec![Cut::Files]));
}
