//! `POST /api/v1/mail-accounts/discover`: the servers of an address.

use actix_web::{HttpResponse, web::Data};

use crate::{
    channels::email::post::{
        account::is_address,
        discover::{Proposal, Source, discover, known::SignsIn},
    },
    error::ErrorCode,
    http::{caller::Caller, input::Plain, once, problem::Problem, state::App},
    wire::mail_accounts::{DiscoverMail, MailProposal, MailProposalSource, MailProposals, MailSignsIn},
};

fn view(proposal: Proposal) -> MailProposal {
    let Proposal { source, provider, imap, smtp } = proposal;
    MailProposal {
        source: match source {
            Source::Address => MailProposalSource::Address,
            Source::MailExchanger => MailProposalSource::MailExchanger,
            Source::Announced => MailProposalSource::Announced,
            Source::Answered => MailProposalSource::Answered,
        },
        provider: provider.map(|provider| provider.name.to_owned()),
        signs_in: provider.map(|provider| match provider.signs_in {
            SignsIn::Password => MailSignsIn::Password,
            SignsIn::ApplicationPassword => MailSignsIn::ApplicationPassword,
            SignsIn::Browser => MailSignsIn::Browser,
        }),
        daily: provider.and_then(|provider| provider.daily),
        imap,
        smtp,
    }
}

/// `POST`: takes some seconds where no provider is known.
///
/// # Errors
/// 422 for what is no address; 429.
pub async fn find(app: Data<App>, caller: Caller, body: Plain<DiscoverMail>) -> Result<HttpResponse, Problem> {
    let address = body.0.address.trim();
    if !is_address(address) {
        return Err(Problem::field("address", ErrorCode::NotPossible, "an address such as somebody@example.com"));
    }
    let _turn = app.mail.turn(&app.throttle, caller.by)?;
    let found = Box::pin(discover(&app.mail.network, address)).await;
    once::ok(&MailProposals { proposals: found.into_iter().map(view).collect() })
}
