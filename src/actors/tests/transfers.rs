//! Transfers: to agents, to campaigns, and to whom not.

use crate::{
    actors::{
        engine::{CommandError, TransferTarget},
        testing::{ANA, EVA, House, LUIS, LUNCH, Plan, SUPPORT, on_both},
    },
    domain::{
        agent::AgentCommand,
        conversation::{Command, OfferOutcome},
        log::By,
        refusal::Refusal,
    },
    ids::{CampaignId, ConversationId},
    wire::{conversation::Done, live::Activity},
};

async fn give(house: &House, id: ConversationId, to: TransferTarget) -> Result<Done, CommandError> {
    house.engine.transfer(id, ANA, to, By::User(ANA), None).await
}

#[test]
fn the_sender_keeps_a_conversation_until_the_other_agent_accepts() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let luis = house.at_work(LUIS).await;
        give(&house, id, TransferTarget::Agent(LUIS)).await.unwrap();
        house.replies(ANA, id, "Le paso con Luis").await;
        house.accept(&luis, id).await;
        assert_eq!(ana.gone(id).await, Some(LUIS));
        house.replies(LUIS, id, "Hola, soy Luis").await;
    });
}

#[test]
fn a_declined_or_missed_transfer_leaves_it_with_the_sender() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.transfer_seconds = 1;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let luis = house.at_work(LUIS).await;
        give(&house, id, TransferTarget::Agent(LUIS)).await.unwrap();
        let offer = luis.offer(id).await;
        let decline = Command::EndOffer { offer, agent: LUIS, outcome: OfferOutcome::Declined };
        house.command(LUIS, id, decline).await.unwrap();
        assert_eq!(luis.gone(id).await, Some(ANA));
        ana.active(id).await;
        give(&house, id, TransferTarget::Agent(LUIS)).await.unwrap();
        luis.offer(id).await;
        assert_eq!(luis.gone(id).await, Some(ANA));
        house.replies(ANA, id, "Sigo yo").await;
    });
}

#[test]
fn a_transfer_without_a_limit_returns_when_its_target_goes_away() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.transfer_seconds = 0;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let luis = house.at_work(LUIS).await;
        give(&house, id, TransferTarget::Agent(LUIS)).await.unwrap();
        luis.offer(id).await;
        assert_eq!(house.stored(id).await.next_due(), None);
        house.agent(LUIS, AgentCommand::SignOut { by: Some(LUIS) }).await.unwrap();
        ana.active(id).await;
        house.replies(ANA, id, "Sigo yo").await;
    });
}

#[test]
fn a_transfer_to_a_campaign_goes_into_its_queue_and_to_its_agents() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let eva = house.at_work(EVA).await;
        give(&house, id, TransferTarget::Campaign(SUPPORT)).await.unwrap();
        assert_eq!(ana.gone(id).await, None);
        house.accept(&eva, id).await;
        assert_eq!(house.stored(id).await.campaign, SUPPORT);
    });
}

#[test]
fn who_cannot_take_it_is_refused_as_a_target_and_nothing_changes() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 25, ..Plan::default() }).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let seq = house.stored(id).await.seq;
        let refused = |why| CommandError::Refused(Refusal::TransferTarget(why));
        let to = |target| give(&house, id, target);
        assert_eq!(to(TransferTarget::Agent(LUIS)).await.unwrap_err(), refused("absent"));
        let luis = house.at_work(LUIS).await;
        house.agent(LUIS, AgentCommand::TakeBreak(LUNCH)).await.unwrap();
        luis.does(Activity::OnBreak { kind: LUNCH }).await;
        assert_eq!(to(TransferTarget::Agent(LUIS)).await.unwrap_err(), refused("absent"));
        let _eva = house.at_work(EVA).await;
        assert_eq!(to(TransferTarget::Agent(EVA)).await.unwrap_err(), refused("not a member"));
        assert_eq!(to(TransferTarget::Campaign(CampaignId::from_u128(99))).await.unwrap_err(), refused("unknown"));
        house.agent(LUIS, AgentCommand::BeAvailable).await.unwrap();
        luis.ready().await;
        house.talk(&luis, "visitor-2").await;
        assert_eq!(to(TransferTarget::Agent(LUIS)).await.unwrap_err(), refused("full"));
        assert_eq!(house.stored(id).await.seq, seq);
    });
}

#[test]
fn a_refused_transfer_gives_the_targets_capacity_back() {
    on_both(|scratch| async {
        let mut plan = Plan { capacity: 25, ..Plan::default() };
        plan.sales.permissions.transfer_to_agents = false;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let luis = house.at_work(LUIS).await;
        let refused = give(&house, id, TransferTarget::Agent(LUIS)).await.unwrap_err();
        assert_eq!(refused, CommandError::Refused(Refusal::NotAllowedInCampaign));
        house.talk(&luis, "visitor-2").await;
    });
}
