//! `/api/v1/conversations`: reading them and working on them.
//!
//! Agents see what they have, are offered or are consulted about; everybody else what their scope covers. What one may not see is not found. An
//! agent of the same campaign who comes too late to a command is told who has the conversation now.
//!
//! | file | what is there |
//! |---|---|
//! | [`access`] | who sees a conversation, and who may work on it |
//! | [`reading`] | lists, messages, and what is known beside them |
//! | [`writing`] | what is written: answers, notes, files |
//! | [`offers`] | who has it: offers and transfers |
//! | [`handling`] | what becomes of it: labels, fields, urgency, putting aside, closing |

mod access;
mod handling;
mod offers;
mod reading;
mod writing;

pub(super) use self::{
    access::{may_see, place, steers, workable},
    writing::files,
};
pub use self::{
    access::{readable, summary, visible},
    handling::{close, end_wrap_up, prioritise, set_fields, snooze, tag, wake},
    offers::{accept, decline, take, transfer},
    reading::{ConversationsQuery, HistoryQuery, MessagesQuery, list, messages, of_contact, show, visitor},
    writing::{note, reply, retry},
};
