//! HTML that can be shown: no script, no style sheet, no form, nothing that loads by itself.
//!
//! [`balance`] writes it anew, then ammonia has the last word over elements, attributes and link schemes, and both are repeated
//! until nothing changes any more; what does not come to rest is not shown at all. In the outcome
//! - `data-part="n"` on a picture names file n of the mail, `data-remote="n"` on a picture and `data-background="n"` on any element
//!   name entry n of the remote addresses; nothing has a `src`;
//! - `data-fold` is `quote` or `signature` for the element itself and `rest` for it and everything behind it;
//! - ids begin with `m-`.
//!
//! A sender may write those attributes too; they name only things of the sender's own mail. Numbers beyond the lists mean nothing.

mod balance;
mod pictures;
mod plain;
mod style;
#[cfg(test)]
pub(super) mod tests;
mod tokens;

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};

pub(super) use self::{
    balance::cid,
    pictures::{own_pictures, with_sources},
    plain::text,
};
use super::bounds::Cut;

/// The passes in which HTML must come to rest.
const MAX_PASSES: usize = 5;

/// HTML that can be shown, and what was taken out of it.
#[derive(Default)]
pub(super) struct Sanitised {
    /// None: it did not come to rest.
    pub(super) html: Option<String>,
    pub(super) remote: Vec<String>,
    pub(super) pictures: Vec<Vec<u8>>,
    /// Files that it shows.
    pub(super) shown: BTreeSet<usize>,
    pub(super) cuts: Vec<Cut>,
}

static AMMONIA: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let attributes = ["style", "id", "data-fold", "data-background"];
    let mut builder = Builder::empty();
    builder
        .tags(balance::TAGS.into_iter().collect())
        .generic_attributes(balance::ATTRIBUTES.into_iter().chain(attributes).collect())
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"])), ("img", HashSet::from(["data-part", "data-remote"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .strip_comments(true)
        .attribute_filter(|_, name, value| match name {
            "style" => Some(style::clean(value).kept).filter(|style| !style.is_empty()).map(Cow::Owned),
            "href" => (value.starts_with("#m-") || value.contains(':')).then_some(Cow::Borrowed(value)),
            "id" => value.starts_with(balance::ID_PREFIX).then_some(Cow::Borrowed(value)),
            _ => Some(Cow::Borrowed(value)),
        });
    builder
});

/// Makes HTML safe. `parts` says which file a content id names, `next_part` the number of the first picture within the HTML itself.
pub(super) fn sanitise(html: &str, parts: &HashMap<String, usize>, next_part: usize) -> Sanitised {
    let balance::Balanced { html, remote, pictures, shown, cuts } = balance::balanced(html, parts, next_part);
    let mut found = Sanitised { html: None, remote, pictures, shown, cuts };
    let mut last = AMMONIA.clean(&html).to_string();
    for _ in 1..MAX_PASSES {
        let again = balance::balanced(&last, &HashMap::new(), 0).html;
        let next = if again == last { again } else { AMMONIA.clean(&again).to_string() };
        if next == last {
            found.html = Some(next);
            return found;
        }
        last = next;
    }
    found.cuts.push(Cut::HtmlUnstable);
    found
}
