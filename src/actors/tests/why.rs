//! Who asks why, of a campaign with more members than are looked at in one turn.

use std::cell::RefCell;

use super::take::{closed, take, waits};
use crate::{
    actors::testing::{ANA, House, SALES, on_both},
    args,
    domain::{
        log::{By, Entity},
        routing::{Nobody, Place, SLICE, Verdict},
    },
    ids::AgentId,
    store::write::Statement,
};

const MEMBERS: u128 = 3 * SLICE as u128;

/// So many members who have never signed in.
async fn hire(house: &House) {
    let mut rows = Vec::new();
    for id in (1_000..1_000 + MEMBERS).map(|number| AgentId::from_u128(number).to_string()) {
        rows.push(Statement::new(
            "INSERT INTO users (id, login, name, role, scopes, capacity, enabled, password, created_at) \
             VALUES ($1, $1, 'User', 'agent', '[{\"kind\":\"all\"}]', 100, 1, '', $2)",
            args![id.clone(), house.engine.clock.now()],
        ));
        rows.push(Statement::new(
            "INSERT INTO members (campaign_id, user_id, penalty) VALUES ($1, $2, 0)",
            args![SALES.to_string(), id],
        ));
    }
    house.engine.configure(rows, Entity::Campaign, SALES.to_string(), By::System, None).await.unwrap();
}

#[test]
fn a_large_campaign_is_explained_in_turns_and_who_asks_less_is_answered_first() {
    on_both(|scratch| async {
        let house = House::open(scratch, closed()).await;
        hire(&house).await;
        let _ana = house.at_work(ANA).await;
        let (held, waiting) = (waits(&house, "a").await, waits(&house, "b").await);
        take(&house, held, ANA).await.unwrap();
        let answered = RefCell::new(Vec::new());
        let asks = async |id, limit, only| {
            let explanation = house.engine.explain(id, limit, only).await.unwrap();
            answered.borrow_mut().push(id);
            explanation
        };
        let (all, one, none) = futures_util::join!(asks(waiting, 5, None), asks(waiting, 5, Some(ANA)), asks(held, 5, None));
        assert_eq!(*answered.borrow(), [held, waiting, waiting]);
        assert_eq!((none.place, none.members), (Place::Held { agent: ANA, asleep: false }, 0));
        assert!(matches!(all.nobody, Some(Nobody::Closed { .. })));
        assert_eq!((all.members, all.counts["unknown"]), (2 + 384, 1 + 384), "{:?}", all.counts);
        assert_eq!((all.candidates.len(), all.candidates[0].agent), (5, ANA));
        assert!(matches!(one.candidates[..], [only] if only.agent == ANA && matches!(only.verdict, Verdict::Eligible { .. })));
        assert_eq!(one.counts, all.counts);
    });
}
