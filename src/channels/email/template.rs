//! What is written with gaps, as a mail for one customer.

use crate::{
    channels::email::understand::ours,
    domain::mail_template::{Content, Lacking, Values},
};

/// A template filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// On one line.
    pub subject: String,
    /// As clean as the template's.
    pub html: String,
    /// For programs that show no HTML.
    pub text: String,
    /// What could not be filled in.
    pub lacking: Lacking,
}

/// Fills in a template whose HTML is clean ([`ours::clean`]).
pub fn render(content: &Content, values: &Values) -> Rendered {
    let Content { subject, html, text } = content;
    let filled = values.fill_html(html);
    let parts = [subject.as_str(), html.as_str()].into_iter().chain(text.as_deref());
    Rendered {
        subject: values.fill_subject(subject),
        text: text.as_ref().map_or_else(|| ours::text(&filled), |text| values.fill_text(text)),
        lacking: values.lacking(parts),
        html: filled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_becomes_a_mail_for_one_customer() {
        let mut values = Values::default();
        values.set("name", "Luz & <b>Co</b>");
        let html = ours::clean("<p>Hola ${name},</p><p>soy ${agent|del equipo}.</p>").unwrap().html;
        let content = Content { subject: "Para %name%".to_owned(), html, text: None };
        let mail = render(&content, &values);
        assert_eq!(mail.subject, "Para Luz & <b>Co</b>");
        assert_eq!(mail.html, "<p>Hola Luz &amp; &lt;b&gt;Co&lt;/b&gt;,</p><p>soy del equipo.</p>");
        assert_eq!(mail.text, "Hola Luz & <b>Co</b>,\n\nsoy del equipo.");
        let own = Content { text: Some("Hola ${name} ${date}".to_owned()), ..content };
        let mail = render(&own, &values);
        assert_eq!(mail.text, "Hola Luz & <b>Co</b> ");
        assert_eq!(mail.lacking.missing.iter().collect::<Vec<_>>(), ["date"]);
        // Filling in leaves it clean.
        assert_eq!(ours::clean(&mail.html).unwrap().html, mail.html);
    }
}
