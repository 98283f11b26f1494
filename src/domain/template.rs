//! Texts with gaps: `%name%`, `${name}`, `${name|there}`. Known names only, put in once and as they are: whatever else looks like a
//! gap stays as it stands, also within what was put in. `web/lib/template.ts` is the same in the browser; both are tested with
//! `web/lib/template.vectors.json`.

/// What can stand in the gaps; a field that is empty is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Values<'a> {
    /// The customer's name.
    pub name: &'a str,
    /// The agent's name.
    pub agent: &'a str,
    /// The campaign's name.
    pub campaign: &'a str,
}

impl<'a> Values<'a> {
    /// None for what is no gap.
    fn get(&self, name: &str) -> Option<&'a str> {
        match name {
            "name" => Some(self.name),
            "agent" => Some(self.agent),
            "campaign" => Some(self.campaign),
            _ => None,
        }
    }
}

/// The text with its gaps filled. A gap without a value disappears, or shows what stands behind its `|`.
pub fn render<'a>(template: &'a str, values: &Values<'a>) -> String {
    render_with(template, |name| values.get(name))
}

/// As [`render`], with other names: `value` knows none for what is no gap.
pub fn render_with<'a>(template: &'a str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['%', '$']) {
        let (before, gap) = rest.split_at(at);
        text.push_str(before);
        if let Some((value, after)) = fill(gap, &value) {
            text.push_str(value);
            rest = after;
        } else {
            let (sign, after) = gap.split_at(1);
            text.push_str(sign);
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// What stands in the gap at the beginning of `text`, and what follows it.
fn fill<'a>(text: &'a str, value: impl Fn(&str) -> Option<&'a str>) -> Option<(&'a str, &'a str)> {
    if let Some(inside) = text.strip_prefix('%') {
        let (name, after) = inside.split_once('%')?;
        return Some((value(name)?, after));
    }
    let (inside, after) = text.strip_prefix("${")?.split_once('}')?;
    let (name, fallback) = inside.split_once('|').unwrap_or((inside, ""));
    let value = value(name)?;
    Some((if value.is_empty() { fallback } else { value }, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        template: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        agent: String,
        #[serde(default)]
        campaign: String,
        text: String,
    }

    #[test]
    fn the_browser_and_the_server_fill_gaps_alike() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../web/lib/template.vectors.json")).unwrap();
        assert!(vectors.len() > 20);
        for Vector { template, name, agent, campaign, text } in vectors {
            assert_eq!(render(&template, &Values { name: &name, agent: &agent, campaign: &campaign }), text, "{template}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_was_put_in_is_looked_at_again(name in "[%${}|a-z]{0,20}") {
            let values = Values { name: &name, agent: "Ana", campaign: "Sales" };
            let expected = if name.is_empty() { "<x>".to_owned() } else { format!("<{name}>") };
            prop_assert_eq!(render("<${name|x}>", &values), expected);
            prop_assert_eq!(render("<%name%>", &values), format!("<{name}>"));
        }

        #[test]
        fn a_text_without_known_names_stays_as_it_is(text in "[%${}|0-9x \\n]{0,60}|[^%$]{0,60}") {
            prop_assert_eq!(render(&text, &Values { name: "Luz", ..Values::default() }), text);
        }
    }
}
