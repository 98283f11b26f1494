//! Where a reply ends and what it quotes begins, and where the signature is: places to fold, never text thrown away.
//!
//! Lines are looked at a bounded number of times, by comparing their beginnings and ends: the time grows with the size and no
//! pattern can be made slow.

use crate::domain::mail::{Fold, FoldKind};

/// The longest line that can be an introduction of a quote, and over how many lines it may go.
const MAX_INTRODUCTION_BYTES: usize = 400;
const INTRODUCTION_LINES: usize = 4;
/// Lines in which the header of a quoted mail must be complete.
const HEADER_LINES: usize = 8;
/// A signature of a telephone has few lines.
const MOBILE_LINES: usize = 4;
const MAX_SIGNATURE_LINES: usize = 30;

/// How a mail program says that what follows was written by somebody else: the line's beginning and its end.
const INTRODUCTIONS: [(&str, &str); 10] = [
    ("on ", "wrote:"),
    ("el ", "escribió:"),
    ("el ", "escribio:"),
    ("em ", "escreveu:"),
    ("a ", "escreveu:"),
    ("no dia ", "escreveu:"),
    ("le ", "a écrit :"),
    ("", "> wrote:"),
    ("", "> escribió:"),
    ("", "> escreveu:"),
];

const SEPARATORS: [&str; 6] = [
    "original message",
    "mensaje original",
    "mensagem original",
    "original appointment",
    "mensaje de correo original",
    "mensagem de correio original",
];

/// The four fields of a quoted header, in the order of [`HEADER`].
const HEADER: [&[&str]; 4] = [
    &["from:", "de:"],
    &["sent:", "enviado:", "enviado el:", "enviada em:", "enviada:", "enviado em:", "date:", "fecha:", "data:"],
    &["to:", "para:"],
    &["subject:", "asunto:", "assunto:"],
];

const MOBILE: [&str; 21] = [
    "enviado desde mi ",
    "enviado desde el móvil",
    "enviado desde outlook",
    "enviado desde yahoo",
    "enviado desde correo",
    "enviado de mi ",
    "sent from my ",
    "sent from outlook",
    "sent from yahoo",
    "sent from mail for",
    "sent from proton",
    "get outlook for",
    "obtener outlook para",
    "obtén outlook para",
    "enviado do meu ",
    "enviado do yahoo",
    "enviado do outlook",
    "enviado a partir do",
    "obter o outlook para",
    "baixe o outlook para",
    "enviado via ",
];

struct Line<'a> {
    from: usize,
    text: &'a str,
}

impl Line<'_> {
    fn is_quoted(&self) -> bool {
        self.text.trim_start().starts_with('>')
    }

    fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// In lower case, without the marks that mail programs put around words.
    fn plain(&self) -> String {
        let short = super::clean::cut_bytes(self.text, MAX_INTRODUCTION_BYTES);
        short.trim().trim_matches(['*', '_']).replace(['*', '\u{a0}'], "").to_lowercase()
    }
}

/// Where to fold. Folds lie in order and do not overlap; text that is nothing but a quote is not folded.
pub fn folds(text: &str) -> Vec<Fold> {
    let mut at = 0;
    let lines: Vec<Line<'_>> = text
        .split_inclusive('\n')
        .map(|line| {
            let from = at;
            at += line.len();
            Line { from, text: line.trim_end_matches('\n') }
        })
        .collect();
    let start_of = |line: usize| lines.get(line).map_or(text.len(), |line| line.from);
    let mut folds = Vec::new();
    let mut own_end = lines.len();
    let mut line = 0;
    while line < lines.len() {
        let Some(quote) = quote_at(&lines, line) else {
            line += 1;
            continue;
        };
        let end = match quote {
            Quote::ToTheEnd => lines.len(),
            Quote::Marked(first) => marked_end(&lines, first),
        };
        folds.push(Fold { from: start_of(line), to: start_of(end), kind: FoldKind::Quote });
        if end == lines.len() {
            own_end = line;
        }
        line = end;
    }
    if let Some((from, to)) = signature(&lines, own_end, &folds) {
        folds.push(Fold { from: start_of(from), to: start_of(to), kind: FoldKind::Signature });
        folds.sort_by_key(|fold| fold.from);
    }
    let is_folded = |line: &Line<'_>| folds.iter().any(|fold| (fold.from..fold.to).contains(&line.from));
    let says_something = folds.len() <= MAX_FOLDS && lines.iter().any(|line| !line.is_empty() && !is_folded(line));
    if says_something { folds } else { Vec::new() }
}

/// More than this is a chaos that nobody folds; it also bounds the last look above.
const MAX_FOLDS: usize = 50;

enum Quote {
    /// Nothing marks its lines.
    ToTheEnd,
    /// Its lines begin with `>`, from this one on.
    Marked(usize),
}

/// The quote that begins with this line.
fn quote_at(lines: &[Line<'_>], at: usize) -> Option<Quote> {
    let line = lines.get(at)?;
    if line.is_quoted() {
        return Some(Quote::Marked(at));
    }
    if line.is_empty() || line.text.len() > MAX_INTRODUCTION_BYTES {
        return None;
    }
    if let Some(length) = introduction(lines, at) {
        let next = (at + length..lines.len()).find(|next| lines.get(*next).is_some_and(|line| !line.is_empty()));
        return Some(match next {
            Some(next) if lines.get(next).is_some_and(Line::is_quoted) => Quote::Marked(next),
            _ => Quote::ToTheEnd,
        });
    }
    if is_forward(lines, at) {
        return None;
    }
    let is_rule = line.text.len() >= 10 && line.text.trim().bytes().all(|byte| byte == b'_' || byte == b'-');
    (is_separator(line) || is_header(lines, at) || (is_rule && is_header(lines, at + 1))).then_some(Quote::ToTheEnd)
}

/// Over how many lines an introduction goes that begins here.
fn introduction(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let first = lines.get(at)?.plain();
    let may_begin = INTRODUCTIONS.iter().any(|(start, _)| !start.is_empty() && first.starts_with(start)) || first.contains('@');
    if !may_begin {
        return None;
    }
    let mut whole = String::new();
    for (count, line) in lines.iter().skip(at).take(INTRODUCTION_LINES).enumerate() {
        if line.is_empty() || line.is_quoted() {
            return None;
        }
        if !whole.is_empty() {
            whole.push(' ');
        }
        whole.push_str(&line.plain());
        if whole.len() > MAX_INTRODUCTION_BYTES {
            return None;
        }
        let has_date = whole.bytes().any(|byte| byte.is_ascii_digit()) || whole.contains('@');
        let is_one = |(start, end): &(&str, &str)| whole.starts_with(start) && whole.ends_with(end);
        // `2026-11-22 10:00 GMT-03:00 Ana <ana@example.com>:`
        if whole.starts_with(|c: char| c.is_ascii_digit()) && whole.ends_with(">:") {
            return Some(count + 1);
        }
        if has_date && INTRODUCTIONS.iter().any(is_one) {
            return Some(count + 1);
        }
    }
    None
}

fn is_separator(line: &Line<'_>) -> bool {
    let text = line.plain();
    let Some(inside) = text.strip_prefix("--").and_then(|rest| rest.strip_suffix("--")) else { return false };
    SEPARATORS.contains(&inside.trim_matches(['-', ' ']))
}

/// Whether what begins here was handed on: that is what the author wants to show.
fn is_forward(lines: &[Line<'_>], at: usize) -> bool {
    const WORDS: [&str; 4] = ["forwarded message", "mensaje reenviado", "mensagem encaminhada", "mensagem reencaminhada"];
    let before = lines.get(at.saturating_sub(3)..at).unwrap_or_default().iter().rfind(|line| !line.is_empty());
    before.is_some_and(|line| {
        let text = line.plain();
        WORDS.iter().any(|words| text.contains(words))
    })
}

/// The header of the mail that is quoted, as Outlook writes it: From first, and two of the other three soon after.
fn is_header(lines: &[Line<'_>], at: usize) -> bool {
    let of = |line: &Line<'_>| {
        let text = line.plain();
        HEADER.iter().position(|names| names.iter().any(|name| text.starts_with(name)))
    };
    if lines.get(at).and_then(of) != Some(0) {
        return false;
    }
    let mut found = [false; 4];
    for field in lines.iter().skip(at).take(HEADER_LINES).take_while(|line| !line.is_empty()).filter_map(of) {
        if let Some(one) = found.get_mut(field) {
            *one = true;
        }
    }
    found.into_iter().filter(|is_there| *is_there).count() >= 3
}

/// Where a run of marked lines ends. Empty lines are of it when marked ones follow; so is a line that was broken on the way.
fn marked_end(lines: &[Line<'_>], first: usize) -> usize {
    let mut end = first;
    let mut at = first;
    while let Some(line) = lines.get(at) {
        if line.is_quoted() {
            end = at + 1;
        } else if !line.is_empty() {
            break;
        }
        at += 1;
    }
    // The empty lines behind a quote at the end of the text belong to it.
    if at == lines.len() { at } else { end }
}

/// The lines of a signature in what was written newly: behind the usual mark, or the line of a telephone.
fn signature(lines: &[Line<'_>], own_end: usize, folds: &[Fold]) -> Option<(usize, usize)> {
    let last_fold =
        folds.iter().filter(|fold| lines.get(own_end).is_none_or(|end| fold.from < end.from)).map(|fold| fold.to).max();
    let floor = last_fold.map_or(0, |to| lines.partition_point(|line| line.from < to));
    let own = floor..own_end;
    let mark = own
        .clone()
        .rev()
        .take(MAX_SIGNATURE_LINES)
        .find(|at| lines.get(*at).is_some_and(|line| line.text == "-- " || line.text == "--"));
    if let Some(mark) = mark {
        return Some((mark, own_end));
    }
    let written: Vec<usize> =
        own.rev().filter(|at| lines.get(*at).is_some_and(|line| !line.is_empty())).take(MOBILE_LINES).collect();
    let mobile = written.into_iter().find(|at| {
        lines.get(*at).is_some_and(|line| {
            let text = line.plain();
            line.text.len() < 120 && MOBILE.iter().any(|start| text.trim_start_matches(['[', '<']).starts_with(start))
        })
    });
    mobile.map(|mobile| (mobile, own_end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without what is folded.
    fn shown(text: &str) -> String {
        let mut shown = text.to_owned();
        for fold in folds(text).iter().rev() {
            shown.replace_range(fold.from..fold.to, "");
        }
        shown.trim().to_owned()
    }

    #[test]
    fn replies_of_the_common_programs_are_folded() {
        for quote in [
            "El dom, 22 nov 2026 a las 10:00, Ana (<ana@x.com>) escribió:\n\n> hola\n>\n> chau",
            "El 22/11/26 a las 10:00, Ana escribió:\n> hola",
            "El 22 nov 2026, a las 10:00, Ana <ana@x.com> escribió:\n\n> hola",
            "El domingo, 22 de noviembre de 2026, 10:00:00 ART,\nAna Pérez <ana@x.com> escribió:\n\nhola\nchau",
            "On Sun, Nov 22, 2026 at 10:00 AM Ana <ana@x.com> wrote:\n\n> hi",
            "On Sunday, November 22, 2026 at 10:00:00 AM GMT-3, Ana\n<ana@x.com> wrote:\n\n> hi",
            "On 22 Nov 2026, at 10:00, Ana <ana@x.com> wrote:\n> hi",
            "Em dom., 22 de nov. de 2026 às 10:00, Ana <ana@x.com> escreveu:\n\n> oi",
            "Em 22/11/2026 10:00, Ana escreveu:\n> oi",
            "2026-11-22 10:00 GMT-03:00 Ana <ana@x.com>:\n> hi",
            "-----Original Message-----\nFrom: Ana\nSent: Sunday\n\nhi",
            "-----Mensaje original-----\nDe: Ana",
            "-----Mensagem original-----\nDe: Ana",
            "________________________________\nDe: Ana <ana@x.com>\nEnviado: domingo\nPara: Juan\nAsunto: Hola\n\ntexto",
            "*From:* Ana <ana@x.com>\n*Sent:* Sunday\n*To:* Juan\n*Subject:* Hi\n\ntext",
            "De: Ana <ana@x.com>\nEnviada em: domingo\nPara: Juan\nAssunto: Oi\n\ntexto",
            "> hola",
        ] {
            assert_eq!(shown(&format!("Gracias\n\n{quote}")), "Gracias", "{quote}");
        }
    }

    #[test]
    fn what_was_written_between_quotes_stays() {
        let text = "On 22 Nov 2026, Ana <a@x> wrote:\n> one?\n\nYes.\n\n> two?\nNo.\n\n-- \nJuan\n";
        assert_eq!(shown(text), "Yes.\n\nNo.");
        let kinds: Vec<_> = folds(text).iter().map(|fold| fold.kind).collect();
        assert_eq!(kinds, [FoldKind::Quote, FoldKind::Quote, FoldKind::Signature]);
    }

    #[test]
    fn signatures_are_found_before_the_quote() {
        for signature in [
            "-- \nAna Pérez\nTel. 123",
            "Enviado desde mi iPhone",
            "Sent from my Samsung Galaxy",
            "Enviado do meu iPhone",
            "Obtener Outlook para iOS<https://aka.ms/x>",
        ] {
            assert_eq!(shown(&format!("Sí\n\n{signature}\n")), "Sí", "{signature}");
            assert_eq!(shown(&format!("Sí\n\n{signature}\n\nEl 22/11/26, Ana escribió:\n> a\n")), "Sí", "{signature}");
        }
    }

    #[test]
    fn ordinary_text_is_not_folded() {
        for text in [
            "",
            "Hola",
            "> only a quote",
            "On Monday I wrote: nothing",
            "El lunes 3 escribió: nada",
            "De: aquí\nhasta allá",
            "Desde el 3 de mayo\n-- ojo --\nno funciona",
            "a -- b",
            "Mire\n\n---------- Forwarded message ---------\nFrom: Ana\nDate: x\nTo: Juan\nSubject: y\n\ntext",
        ] {
            assert_eq!(shown(text), text.trim(), "{text}");
        }
    }

    #[test]
    fn the_time_grows_with_the_size() {
        // Beginnings of introductions that never end; a square of the size would not come to an end here.
        for line in ["On 1 a@b\n", "El 1 de\n", "> \n\n", "From: a\nTo: b\n", "-----\n", "2026 a@b\n"] {
            let _ = folds(&line.repeat(700 * 1024 / line.len()));
        }
    }
}
