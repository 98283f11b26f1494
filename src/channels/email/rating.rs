//! What a receiver is asked below a mail (S4-20 to S4-23): marks that lead to a page of ours. Following a link rates nothing by
//! itself, because programs that look for harmful links follow them all.

use std::fmt::Write;

use super::understand::{ThreadKey, mint_rating, written::attribute};
use crate::ids::{ChannelId, ConversationId, MessageId};

/// The marks, from bad to good. Characters, not pictures: nothing has to be loaded to see them.
pub const MARKS: [&str; 5] = ["😞", "🙁", "😐", "🙂", "😀"];

/// What stands below a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// As clean as what agents write.
    pub html: String,
    /// For programs that show no HTML.
    pub text: String,
}

/// Where a message is rated; `origin` is where this server is reached, without a slash at its end.
pub fn address(origin: &str, account: ChannelId, conversation: ConversationId, message: MessageId, key: &ThreadKey) -> String {
    format!("{origin}/rate/{account}/{}", mint_rating(conversation, message, key))
}

/// The question and its marks.
pub fn ask(prompt: &str, address: &str) -> Asked {
    let (prompt_html, address_html) = (attribute(prompt), attribute(address));
    let mut html = format!("<p>{prompt_html}</p><p>");
    for (score, mark) in (1..).zip(MARKS) {
        let _ = write!(html, "<a href=\"{address_html}?s={score}\" style=\"font-size:24px\">{mark}</a> ");
    }
    html.push_str("</p>");
    Asked { html, text: format!("{prompt}\n{address}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{channels::email::understand::verify_rating, ids::ClientId};

    #[test]
    fn each_mark_leads_to_the_page_of_this_message() {
        let (account, conversation, message) = (ChannelId::from_u128(3), ConversationId::from_u128(1), MessageId::from_u128(2));
        let key = ThreadKey::new(&[7; 32], ClientId::from_u128(9), account);
        let address = address("https://help.example.com", account, conversation, message, &key);
        let token = address.strip_prefix(&format!("https://help.example.com/rate/{account}/")).unwrap();
        assert_eq!(verify_rating(token, &key).unwrap().message, message);
        let asked = ask("¿Cómo fue? <b>", &address);
        assert_eq!(asked.html.matches(&format!("href=\"{address}?s=")).count(), 5);
        assert!(asked.html.starts_with("<p>¿Cómo fue? &lt;b&gt;</p>") && !asked.html.contains("<b>"));
        assert_eq!(asked.text, format!("¿Cómo fue? <b>\n{address}"));
    }
}
