//! The mail that a test sends.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;

use crate::{
    channels::email::post::{account::Account, failure::Code, smtp::Letter},
    clock::Timestamp,
    domain::webchat::Language,
};

/// A letter that says that sending works, in the language of the company.
///
/// # Errors
/// Addresses that no mail can go to.
pub(super) fn test(account: &Account, to: &str, language: Language, id: &str, now: Timestamp) -> Result<Letter, Code> {
    let (subject, text) = match language {
        Language::Spanish => (
            "Prueba de la cuenta de correo",
            "Este mensaje prueba que la cuenta de correo puede enviar. No hace falta responder.",
        ),
        Language::English => {
            ("Test of the mail account", "This message shows that the mail account can send. There is no need to answer.")
        }
        Language::Portuguese => {
            ("Teste da conta de e-mail", "Esta mensagem mostra que a conta de e-mail consegue enviar. Não é preciso responder.")
        }
    };
    let domain = account.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let from = if account.from_name.is_empty() {
        format!("<{}>", account.address)
    } else {
        format!("{} <{}>", word(&account.from_name), account.address)
    };
    let raw = format!(
        "From: {from}\r\nTo: <{to}>\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{id}@{domain}>\r\nAuto-Submitted: auto-generated\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        word(subject),
        now.to_chrono().to_rfc2822(),
        lines(text),
    );
    Letter::new(&account.address, &[to.to_owned()], Bytes::from(raw))
}

/// Encoded words (RFC 2047): each short enough, on a line of its own, no character cut in two.
fn word(text: &str) -> String {
    let mut words: Vec<String> = vec![];
    for character in text.chars() {
        match words.last_mut().filter(|word| word.len() + character.len_utf8() <= 42) {
            Some(word) => word.push(character),
            None => words.push(character.to_string()),
        }
    }
    let words: Vec<String> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

/// Base64 in lines that every server takes.
fn lines(text: &str) -> String {
    let encoded = BASE64_STANDARD.encode(text);
    let lines: Vec<String> = encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    lines.join("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::email::post::account::{Credentials, Folders, Proof, Security, SendingLogin, Server};

    #[test]
    fn it_is_a_mail_that_any_reader_understands() {
        let name = "Atención — Ñandú «y» compañía, de la ciudad de Córdoba y alrededores".to_owned();
        let account = Account {
            address: "ayuda@example.com".to_owned(),
            from_name: name.clone(),
            imap: None,
            smtp: Server::new("smtp.example.com", 587, Security::Starttls),
            credentials: Credentials { user: "ayuda".to_owned(), proof: Proof::Password("canary".into()) },
            sending_login: SendingLogin::Same,
            folders: Folders::default(),
        };
        for language in [Language::Spanish, Language::English, Language::Portuguese] {
            let letter = test(&account, "ana@example.org", language, "1-2", Timestamp::from_micros(0));
            let raw = format!("{:?}", letter.as_ref().unwrap());
            assert!(!raw.contains("canary") && raw.contains("Auto-Submitted: auto-generated"), "{raw}");
        }
        assert!(test(&account, "ana@example.org>\r\nX: y", Language::English, "1", Timestamp::from_micros(0)).is_err());
        let decoded: String = word(&name)
            .split("\r\n ")
            .map(|word| word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap())
            .map(|word| String::from_utf8(BASE64_STANDARD.decode(word).unwrap()).unwrap())
            .collect();
        assert_eq!(decoded, name);
        assert!(word(&name).split("\r\n ").all(|word| word.len() <= 75));
    }
}
