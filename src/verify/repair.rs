//! Looks, copies what is whole out of damaged packs, looks again, and removes what the last look has shown to be needed
//! by nothing.

use super::{Depth, Options, Report, look};
use crate::error::{Error, Result};
use crate::progress::{Event, Events};
use crate::repository::{Folder, Removal, Repository};

pub(super) async fn run(repository: &Repository, options: &Options, events: &Events) -> Result<Report> {
    if options.depth != Depth::Full || !options.snapshots.is_empty() || !options.mark {
        let message = "what is damaged is known for sure only after all snapshots were verified in full".to_owned();
        return Err(Error::Usage {
            message,
            hint: Some("repair without a depth, without snapshots, with marks".into()),
        });
    }
    let mut seen = look(repository, options, events).await?;
    let mut removed = Vec::new();
    for fault in &seen.report.faults {
        if repository.remove_damaged_record(&seen.opening, &fault.what).await? {
            removed.push(fault.what.clone());
        }
    }
    let rescued = match seen.fragile.is_empty() {
        true => 0,
        false => repository.rescue(&seen.opening.survey, &seen.fragile).await?,
    };
    if rescued > 0 || !removed.is_empty() || seen.report.marked > 0 {
        let marked = seen.report.marked;
        seen = look(repository, options, events).await?;
        seen.report.marked += marked;
    }
    let mut healed = Vec::new();
    for fault in std::mem::take(&mut seen.report.healed) {
        let Some(pack) = Folder::Packs.at(&fault.what) else { continue };
        match repository.remove_damaged_pack(&seen.opening, pack).await? {
            Removal::Removed => removed.push(fault.what),
            Removal::Early => healed.push(fault),
            Removal::Whole => {
                let message = format!("{} was damaged and is whole again", fault.what);
                events(Event::Warning { message, hint: None });
            }
        }
    }
    Ok(Report { healed, removed, rescued, ..seen.report })
}
