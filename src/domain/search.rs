//! Full text, the same on every database: what a word is, how words are compared, and what somebody looks for.
//!
//! Databases disagree about words, accents and stems, so none of them is asked: they only keep the words that are made here.
//! A word is a run of letters and digits, in lower case and without accents (`Número` is `numero`). What people type is made of
//! the same words, so no character of theirs is ever syntax of a query.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A longer word is cut, in characters.
const MAX_WORD: usize = 64;
/// Bytes of words of one document at most; what lies beyond cannot be found.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// Groups of words that one search may ask for.
const MAX_PHRASES: usize = 16;
/// Words of one group.
const MAX_PHRASE_WORDS: usize = 32;
/// A shorter beginning of a word is no beginning but a word: too many begin with it.
const MIN_PREFIX: usize = 3;
/// A number shows its end to whoever knows at least so many of its digits.
const MIN_NUMBER: usize = 6;

/// Where a word stands in a document. Each has a mark of its own before its words; the said has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Messages and notes.
    Said,
    /// The subject.
    Subject,
    /// Addresses and names of the customer.
    Customer,
    /// What is no text: ids and kinds, to narrow by.
    Key,
}

impl Part {
    /// Of the private use area: in no word that was typed.
    const fn mark(self) -> &'static str {
        match self {
            Self::Said => "",
            Self::Subject => "\u{e001}",
            Self::Customer => "\u{e002}",
            Self::Key => "\u{e003}",
        }
    }
}

/// One text in the form in which texts are compared.
fn folded(text: &str) -> String {
    let plain = text.nfd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase);
    // Lowering may bring a mark of its own (`İ`).
    plain.filter(|character| character.is_alphanumeric()).take(MAX_WORD).collect()
}

/// The words of a text, with the bytes they were made of.
pub fn words(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, _) = rest.by_ref().find(|(_, character)| character.is_alphanumeric())?;
            let mut end = start;
            let inside = |character: char| character.is_alphanumeric() || is_combining_mark(character);
            end += text.get(start..).and_then(|from| from.chars().next()).map_or(1, char::len_utf8);
            while let Some((at, character)) = rest.next_if(|(_, character)| inside(*character)) {
                end = at + character.len_utf8();
            }
            let word = folded(text.get(start..end).unwrap_or_default());
            if !word.is_empty() {
                return Some((start..end, word));
            }
        }
    })
}

/// The words of one thing to be found, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Behind each word a space: tens of thousands of texts of their own would need ten times the memory. An empty word keeps what
    /// stands before and after it apart, so that no phrase reaches across.
    words: String,
}

impl Document {
    fn push(&mut self, mark: &str, word: &str) {
        if self.words.len() + mark.len() + word.len() <= MAX_DOCUMENT_BYTES {
            self.words.extend([mark, word, " "]);
        }
    }

    fn gap(&mut self) {
        self.push("", "");
    }

    /// Adds a text.
    pub fn text(&mut self, part: Part, text: &str) {
        if !self.words.is_empty() {
            self.gap();
        }
        for (_, word) in words(text) {
            self.push(part.mark(), &word);
        }
    }

    /// Adds an address: a number is found by its end as well.
    pub fn address(&mut self, address: &str) {
        self.text(Part::Customer, address);
        let Some(digits) = number(address) else { return };
        for end in (0..=digits.len().saturating_sub(MIN_NUMBER)).filter_map(|from| digits.get(from..)) {
            self.gap();
            self.push(Part::Customer.mark(), end);
        }
    }

    /// Adds what is no text.
    pub fn key(&mut self, kind: &str, value: &str) {
        self.gap();
        self.push("", &key(kind, value));
    }

    /// Adds the words of another one.
    pub fn extend(&mut self, other: &Self) {
        self.gap();
        other.words().for_each(|word| self.push("", word));
    }

    /// Its words in order; an empty one is a gap.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.split_terminator(' ')
    }

    /// Whether there is hardly room for another word.
    pub fn is_full(&self) -> bool {
        self.words.len() + MAX_WORD >= MAX_DOCUMENT_BYTES
    }
}

fn key(kind: &str, value: &str) -> String {
    let plain: String = value.chars().filter(|character| character.is_alphanumeric()).collect();
    format!("{}{kind}{plain}", Part::Key.mark())
}

/// The digits of what is a telephone number, however it is written; not of an e-mail address.
fn number(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let other = |character: char| !character.is_ascii_digit() && !matches!(character, '+' | '-' | '.' | ' ' | '(' | ')' | '/');
    (digits.len() >= MIN_NUMBER && digits.len() <= MAX_WORD && !text.contains(other)).then_some(digits)
}

/// Words that stand one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// At least one.
    pub words: Vec<String>,
    /// The last one may be the beginning of a word only.
    pub begins: bool,
}

impl Phrase {
    fn of(part: Part, text: &str, begins: bool) -> Option<Self> {
        let found = words(text).take(MAX_PHRASE_WORDS).map(|(_, word)| format!("{}{word}", part.mark()));
        let words: Vec<String> = found.collect();
        let last = words.last()?.chars().filter(|character| character.is_alphanumeric()).count();
        Some(Self { begins: begins && last >= MIN_PREFIX, words })
    }
}

/// What is looked for: of every clause at least one phrase. A clause without phrases finds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// All of these.
    pub clauses: Vec<Vec<Phrase>>,
}

impl Search {
    /// Narrows to what somebody typed: every word, the last one as far as it was typed; what stands in quotes as it stands there. True
    /// unless nothing in it can be found.
    pub fn text(&mut self, part: Part, typed: &str) -> bool {
        let before = self.clauses.len();
        let mut quoted = false;
        let open = typed.matches('"').count() % 2 == 1;
        let pieces = typed.split('"').count();
        for (number, piece) in typed.split('"').enumerate() {
            if quoted && !(open && number + 1 == pieces) {
                self.clauses.extend(Phrase::of(part, piece, false).map(|phrase| vec![phrase]));
            } else {
                let last = number + 1 == pieces;
                let runs: Vec<&str> = piece.split_whitespace().collect();
                let ends = runs.len();
                for (at, run) in (1..).zip(runs) {
                    self.clauses.extend(Phrase::of(part, run, last && at == ends).map(|phrase| vec![phrase]));
                }
            }
            quoted = !quoted;
        }
        self.clauses.truncate(before + MAX_PHRASES);
        self.clauses.len() > before
    }

    /// Narrows to an address or a name of the customer.
    pub fn customer(&mut self, typed: &str) -> bool {
        match number(typed) {
            Some(digits) => {
                self.clauses.push(Phrase::of(Part::Customer, &digits, true).into_iter().collect());
                true
            }
            None => self.text(Part::Customer, typed),
        }
    }

    /// Narrows to what has one of these keys.
    pub fn keys<'a>(&mut self, keys: impl IntoIterator<Item = (&'a str, String)>) {
        let phrase = |(kind, value): (&str, String)| Phrase { words: vec![key(kind, &value)], begins: false };
        self.clauses.push(keys.into_iter().map(phrase).collect());
    }

    /// The phrases of what was said, for finding the place.
    pub fn said(typed: &str) -> Vec<Phrase> {
        let mut search = Self::default();
        search.text(Part::Said, typed);
        search.clauses.into_iter().flatten().collect()
    }
}

/// Characters shown on either side of what was found.
const AROUND: usize = 60;

/// A piece of a text with the first place where one of the phrases stands; none where there is no such place.
pub fn excerpt(text: &str, phrases: &[Phrase]) -> Option<String> {
    let spoken: Vec<(Range<usize>, String)> = words(text).collect();
    let stands = |at: usize, phrase: &Phrase| {
        let Some(here) = spoken.get(at..at + phrase.words.len()) else { return false };
        let last = phrase.words.len().saturating_sub(1);
        (0..).zip(here.iter().zip(&phrase.words)).all(|(number, ((_, word), wanted))| {
            word == wanted || (phrase.begins && number == last && word.starts_with(wanted.as_str()))
        })
    };
    let at = (0..spoken.len()).find(|at| phrases.iter().any(|phrase| stands(*at, phrase)))?;
    let found = spoken.get(at)?.0.clone();
    let before = text.get(..found.start)?.chars().rev().take(AROUND).map(char::len_utf8).sum::<usize>();
    let after = text.get(found.start..)?.chars().take(2 * AROUND).map(char::len_utf8).sum::<usize>();
    let (start, end) = (found.start - before, found.start + after);
    let mut piece = String::new();
    piece.push_str(if start > 0 { "…" } else { "" });
    piece.push_str(text.get(start..end)?.trim());
    piece.push_str(if end < text.len() { "…" } else { "" });
    Some(piece)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> Vec<String> {
        words(text).map(|(_, word)| word).collect()
    }

    fn typed(text: &str) -> Vec<(String, bool)> {
        Search::said(text).into_iter().map(|phrase| (phrase.words.join(" "), phrase.begins)).collect()
    }

    #[test]
    fn accents_and_capitals_make_no_difference() {
        assert_eq!(
            plain("¿Número de PEDIDO? n.º 12-B, ação, I\u{307}stanbul"),
            ["numero", "de", "pedido", "n", "º", "12", "b", "acao", "istanbul"]
        );
        assert_eq!(plain("cafe\u{301} café"), ["cafe", "cafe"]);
        assert_eq!(plain("🎉 — …"), Vec::<String>::new());
    }

    #[test]
    fn the_last_word_may_be_begun_only_and_quotes_hold_words_together() {
        let word = |text: &str, begins| (text.to_owned(), begins);
        assert_eq!(typed("no anda inter"), [word("no", false), word("anda", false), word("inter", true)]);
        assert_eq!(typed("in"), [word("in", false)]);
        assert_eq!(typed("\"no anda\" inter"), [word("no anda", false), word("inter", true)]);
        assert_eq!(typed("ana@example.com"), [word("ana example com", true)]);
        // A quote that is not closed is none.
        assert_eq!(typed("\"no anda"), [word("no", false), word("anda", true)]);
        assert_eq!(typed("!!! \"\" * - ("), []);
    }

    #[test]
    fn a_number_is_found_by_its_end_however_it_is_written() {
        let mut document = Document::default();
        document.address("+54 9 11 5987-6543");
        let finds = |typed: &str| {
            let mut search = Search::default();
            assert!(search.customer(typed));
            search.clauses.iter().all(|clause| {
                clause.iter().any(|phrase| {
                    let begin = phrase.words.first().unwrap();
                    document.words().any(|word| word == begin || (phrase.begins && word.starts_with(begin.as_str())))
                })
            })
        };
        assert!(finds("5987-6543") && finds("(11) 5987") && finds("5491159876543") && finds("+5491159876543"));
        assert!(!finds("5987-6544"));
        // Less than six digits are a word like every other.
        assert!(finds("6543") && !finds("43"));
    }

    #[test]
    fn a_document_of_many_words_is_full_and_takes_no_more_memory_than_they() {
        let mut document = Document::default();
        while !document.is_full() {
            document.text(Part::Said, &"a b c d ".repeat(1_000));
        }
        assert!(document.words().count() > 100_000);
        assert!(document.words.len() <= MAX_DOCUMENT_BYTES && document.words.capacity() <= 2 * MAX_DOCUMENT_BYTES);
    }

    #[test]
    fn no_phrase_reaches_across_messages() {
        let mut document = Document::default();
        document.text(Part::Said, "hola buen");
        document.text(Part::Said, "día");
        document.key("c", "01-ab");
        assert_eq!(document.words().collect::<Vec<_>>(), ["hola", "buen", "", "dia", "", "\u{e003}c01ab"]);
    }

    #[test]
    fn an_excerpt_shows_the_place() {
        let phrases = Search::said("factu");
        let text = format!("{} la Factura no llegó {}", "a ".repeat(80), "b ".repeat(80));
        let piece = excerpt(&text, &phrases).unwrap();
        assert!(piece.starts_with('…') && piece.ends_with('…') && piece.contains("la Factura no llegó"), "{piece}");
        assert_eq!(excerpt("nada", &phrases), None);
        assert_eq!(excerpt("¡FACTURÉ!", &phrases).unwrap(), "¡FACTURÉ!");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_becomes_words_only(text in "\\PC{0,200}", quotes in "[\"' *:()&|!<>a-zé-]{0,60}") {
            let mut search = Search::default();
            search.text(Part::Said, &text);
            search.text(Part::Subject, &quotes);
            search.customer(&quotes);
            for phrase in search.clauses.iter().flatten() {
                prop_assert!(!phrase.words.is_empty());
                for word in &phrase.words {
                    let bare = word.trim_start_matches(['\u{e001}', '\u{e002}']);
                    prop_assert!(!bare.is_empty() && bare.chars().all(char::is_alphanumeric), "{word:?}");
                }
            }
            for (range, word) in words(&text) {
                prop_assert!(text.get(range).is_some() && word.chars().count() <= MAX_WORD);
            }
            excerpt(&text, &Search::said(&quotes));
        }

        #[test]
        fn what_was_said_is_found_by_any_of_its_words(text in "[a-zA-ZáéñÜ .,]{1,80}") {
            let mut document = Document::default();
            document.text(Part::Said, &text);
            for (range, word) in words(&text) {
                prop_assert!(document.words().any(|found| found == word));
                let again = Search::said(&text[range]);
                prop_assert_eq!(&again[0].words[0], &word);
            }
        }
    }
}
