//! What campaigns let choose from when closing, for a profile. Many campaigns offer the same: each list is made and sent once.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::{
    directory::Snapshot,
    domain::{
        campaign::Campaign,
        disposition::{Disposition, Tree},
    },
    ids::{ClientId, DispositionId},
    wire::session::ProfileDisposition,
};

/// The lists so far.
pub(super) struct Trees<'a> {
    directory: &'a Snapshot,
    forests: FxHashMap<ClientId, Tree<'a>>,
    /// By what campaigns of a client name.
    known: FxHashMap<(ClientId, BTreeSet<DispositionId>), Option<u32>>,
    /// Each once, in the order of the tree.
    pub(super) lists: Vec<Vec<ProfileDisposition>>,
}

impl<'a> Trees<'a> {
    pub(super) fn of(directory: &'a Snapshot) -> Self {
        let mut nodes: FxHashMap<ClientId, Vec<&Disposition>> = FxHashMap::default();
        for node in directory.dispositions.values() {
            nodes.entry(node.client).or_default().push(node);
        }
        let forests = nodes.into_iter().map(|(client, nodes)| (client, Tree::new(nodes.into_iter()))).collect();
        Self { directory, forests, known: FxHashMap::default(), lists: Vec::new() }
    }

    /// The number of a campaign's list; none when there is nothing to choose from.
    pub(super) fn number(&mut self, campaign: &Campaign) -> Option<u32> {
        let named: BTreeSet<_> = campaign.dispositions.iter().copied().collect();
        if named.is_empty() {
            return None;
        }
        let Self { directory, forests, known, lists } = self;
        *known.entry((campaign.client, named)).or_insert_with(|| {
            let offered = forests.get(&campaign.client)?.offered(&campaign.dispositions);
            let list: Vec<_> = offered.into_iter().filter_map(|id| shown(id, directory)).collect();
            let number = u32::try_from(lists.len()).ok()?;
            (!list.is_empty()).then(|| {
                lists.push(list);
                number
            })
        })
    }
}

fn shown(id: DispositionId, directory: &Snapshot) -> Option<ProfileDisposition> {
    let system = directory.dispositions.get(&id)?.unnamed();
    Some(ProfileDisposition { id, path: path(id, directory), system })
}

/// Names from the top of the tree; the bound is for damaged data.
fn path(id: DispositionId, directory: &Snapshot) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = Some(id);
    while let Some(node) = next.and_then(|id| directory.dispositions.get(&id)).filter(|_| names.len() < 32) {
        names.push(node.name.clone());
        next = node.parent;
    }
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{
        clock::Clock,
        directory::{Client, Snapshot},
        domain::{
            disposition::Disposition,
            permission::{Role, Scope, Subject},
            webchat::Language,
        },
        http::staff::me::profile,
        ids::{CampaignId, ClientId, DispositionId, UserId},
        store::{config::CampaignConfig, profiles::Profile},
    };

    /// Ten companies with a tree of ten branches with twenty leaves each, and a hundred campaigns that offer all of it.
    fn thousand_campaigns() -> Snapshot {
        let mut snapshot = Snapshot::default();
        for number in 0..10_u128 {
            let client = ClientId::from_u128(number);
            let zone = "UTC".to_owned();
            let created_at = Default::default();
            let language = Language::Spanish;
            let row = Client { id: client, name: format!("Empresa {number}"), zone, enabled: true, language, created_at };
            snapshot.clients.insert(client, Arc::new(row));
            let id = |branch: u128, leaf: u128| DispositionId::from_u128(number * 10_000 + branch * 100 + leaf);
            for (branch, leaf) in (0..10).flat_map(|branch| (0..=20).map(move |leaf| (branch, leaf))) {
                let parent = (leaf > 0).then(|| id(branch, 0));
                let name = format!("Motivo de cierre {branch}.{leaf}");
                let position = u32::try_from(leaf).unwrap();
                let (enabled, system, offered) = (true, None, true);
                let node = Disposition { id: id(branch, leaf), client, parent, name, enabled, position, system, offered };
                snapshot.dispositions.insert(node.id, Arc::new(node));
            }
            for campaign in 0..100 {
                let dispositions = (0..10).map(|branch| id((branch + campaign) % 10, 0)).collect();
                let config = CampaignConfig { dispositions, ..CampaignConfig::default() };
                let id = CampaignId::from_u128(number * 1_000 + campaign);
                let campaign = config.into_campaign(id, client, format!("Campaña {number}.{campaign}"), true);
                snapshot.campaigns.insert(id, Arc::new(campaign));
            }
        }
        snapshot
    }

    #[test]
    fn a_thousand_campaigns_share_their_trees() {
        let snapshot = thousand_campaigns();
        let subject = Subject { user: UserId::NIL, role: Role::Supervisor, scopes: vec![Scope::All] };
        let clock = Clock::system();
        let began = clock.elapsed();
        let own = Profile { language: None, region: None, settings: Default::default() };
        let profile = profile(&subject, &snapshot, own);
        let made = clock.elapsed() - began;
        let text = serde_json::to_string(&profile).unwrap();
        println!("{} bytes in {made:?}, {:?} with its JSON", text.len(), clock.elapsed() - began);
        assert_eq!(profile.trees.iter().map(Vec::len).collect::<Vec<_>>(), [200; 10], "each list once, whatever the order");
        for campaign in &profile.campaigns {
            let tree = &profile.trees[campaign.tree.unwrap() as usize];
            assert_eq!(tree.iter().map(|one| one.id).collect::<Vec<_>>(), snapshot.offered_dispositions(campaign.id));
        }
        assert!(text.len() < 1_500_000, "it was 20 MB when each campaign had its own");
    }
}
