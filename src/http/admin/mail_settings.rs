//! What mails of a campaign say beside what somebody writes (S4-19 to S4-25), as part of `/api/v1/campaigns`.

use crate::{
    domain::{mail_settings::MailSettings, mail_template::Purpose},
    error::ErrorCode,
    http::{
        check::{Check, NAME},
        problem::Problem,
        state::App,
    },
    ids::CampaignId,
    store::templates,
    wire::config::CampaignFields,
};

/// Checks them; templates only where another one is chosen than `current`.
///
/// # Errors
/// 422.
pub(super) async fn check(
    app: &App,
    fields: &mut CampaignFields,
    own: Option<CampaignId>,
    current: &MailSettings,
) -> Result<(), Problem> {
    let (client, mail) = (fields.client, &mut fields.mail);
    let mut check = Check::default();
    if let Some(name) = &mut mail.from_name {
        check.line("mail.from_name", name, NAME);
    }
    if let Some(rating) = &mut mail.rating {
        check.line("mail.rating.prompt", &mut rating.prompt, 1..=200);
        check.lines("mail.rating.thanks", &rating.thanks, 1..=1_000);
    }
    let chosen = [
        ("mail.signature", Purpose::Signature, mail.signature, current.signature),
        ("mail.confirmation", Purpose::Confirmation, mail.confirmation, current.confirmation),
    ];
    for (field, purpose, id, before) in chosen {
        let Some(id) = id.filter(|id| Some(*id) != before) else { continue };
        let found = templates::find(&app.engine.db, id).await?.filter(|template| template.fits(client, own));
        match found {
            None => check.error(field, ErrorCode::UnknownReference, "no template for this campaign"),
            Some(template) => {
                let usable = template.purpose == purpose && template.archived_at.is_none();
                check.that(usable, field, ErrorCode::NotPossible, "a template for this purpose that is not archived");
            }
        }
    }
    check.done()
}
