//! Who follows which script, and how far they are: what an actor on one side of a conversation must know of the other.

use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;

use crate::{
    demo::scripts::{Dialogue, Speaker},
    ids::{ConversationId, MessageId},
};

/// What a customer may miss while they think.
const UNHEARD: usize = 32;

/// What a customer hears.
#[derive(Debug)]
pub(super) enum Heard {
    /// An answer by an API channel.
    Answer(ConversationId, MessageId),
    /// An answer in a web chat, shown up to this number.
    Shown(ConversationId, u64),
    /// An agent closed the conversation.
    Ended(Option<ConversationId>),
}

/// A conversation that is being played.
pub(super) struct Play {
    pub(super) dialogue: Dialogue,
    tell: mpsc::Sender<Heard>,
    /// The next line, and the agent who spoke last.
    progress: Mutex<(usize, Option<String>)>,
}

impl Play {
    fn who_is_next(&self, at: usize) -> Option<Speaker> {
        self.dialogue.lines.get(at).map(|line| line.who)
    }

    /// What the customer says next, if it is their turn.
    pub(super) fn customer(&self) -> Option<String> {
        let progress = self.progress.lock();
        let line = self.dialogue.lines.get(progress.0).filter(|line| line.who == Speaker::Customer)?;
        Some(line.to(progress.1.as_deref()))
    }

    /// The customer has said it: until then nobody may think that everything was said.
    pub(super) fn customer_has_spoken(&self) {
        self.progress.lock().0 += 1;
    }

    /// What the agent says now: perhaps a note, then the answer. Nothing when the script has none.
    pub(super) fn agent(&self, name: &str) -> Vec<(Speaker, String)> {
        let mut progress = self.progress.lock();
        let mut said = Vec::new();
        while let Some(line) = self.dialogue.lines.get(progress.0).filter(|line| line.who != Speaker::Customer) {
            said.push((line.who, line.with(name)));
            progress.0 += 1;
        }
        if !said.is_empty() {
            progress.1 = Some(name.to_owned());
        }
        said
    }

    /// Somebody has answered: who waited for that goes on, whatever the script says.
    pub(super) fn answered(&self) {
        let mut progress = self.progress.lock();
        while self.who_is_next(progress.0).is_some_and(|who| who != Speaker::Customer) {
            progress.0 += 1;
        }
    }

    /// Everything is said.
    pub(super) fn is_over(&self) -> bool {
        self.who_is_next(self.progress.lock().0).is_none()
    }

    /// The customer hears it, unless too much is unheard already.
    pub(super) fn tell(&self, heard: Heard) {
        let _ = self.tell.try_send(heard);
    }
}

/// Everything that is being played, by the customer's address.
#[derive(Default)]
pub(super) struct Stage(Mutex<FxHashMap<String, Arc<Play>>>);

impl Stage {
    /// Somebody begins, or goes on after so many lines.
    pub(super) fn enter(&self, address: &str, dialogue: Dialogue, said: usize) -> (Arc<Play>, mpsc::Receiver<Heard>) {
        let (tell, hear) = mpsc::channel(UNHEARD);
        let play = Arc::new(Play { dialogue, tell, progress: Mutex::new((said, None)) });
        self.0.lock().insert(address.to_owned(), Arc::clone(&play));
        (play, hear)
    }

    pub(super) fn leave(&self, address: &str) {
        self.0.lock().remove(address);
    }

    pub(super) fn find(&self, address: &str) -> Option<Arc<Play>> {
        self.0.lock().get(address).cloned()
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::demo::scripts::{Customer, Scripts, Topic};

    fn enter(stage: &Stage) -> Arc<Play> {
        let mut random = StdRng::seed_from_u64(5);
        let customer = Customer::new(&mut random);
        stage.enter("+5491100000000", Scripts::default().dialogue(Topic::Support, customer, &mut random).unwrap(), 0).0
    }

    #[test]
    fn a_script_is_said_to_its_end_by_turns() {
        let stage = Stage::default();
        let play = enter(&stage);
        let mut said = 0;
        while !play.is_over() {
            if play.customer().is_some() {
                play.customer_has_spoken();
                said += 1;
                assert!(play.customer().is_none(), "the customer waits for an answer");
            } else {
                said += play.agent("Ana Aguirre").len();
            }
        }
        assert_eq!(said, play.dialogue.lines.len());
        stage.leave("+5491100000000");
        assert!(stage.find("+5491100000000").is_none());
    }

    #[test]
    fn a_person_who_answers_in_their_own_words_takes_the_scripts_turn() {
        let play = enter(&Stage::default());
        let mut answers = 0;
        while let Some(text) = play.customer() {
            assert!(!text.contains("{agente}"), "{text}");
            assert!(!play.is_over(), "the last word is not said yet");
            play.customer_has_spoken();
            play.answered();
            answers += 1;
        }
        assert!(play.is_over() && answers > 2);
    }
}
