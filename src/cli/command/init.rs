//! `pgkeep init`: a new repository and, where none is given, the identity that opens it.

use std::path::{Path, PathBuf};

use clap::Args;
use pgkeep::codec::seal::{Identity, Recipient};
use pgkeep::hash::RepositoryId;
use pgkeep::repository::Repository;
use pgkeep::store::Store;
use pgkeep::{Error, Result};
use serde::Serialize;

use crate::cli::Context;
use crate::cli::exit::Outcome;
use crate::cli::flags::Place;
use crate::cli::identity::{Draft, Found};
use crate::cli::known::{Known, Names};

/// Make a new repository
#[derive(Args, Debug)]
#[command(after_long_help = "\
Without an owner given, a new identity is made and written to a file of mode 0600. Losing the identities of all owners
means losing the backups: nobody can open them without one.

Examples:
  pgkeep init --repo /mnt/backups/pos
  pgkeep init --repo /mnt/backups/pos --identity-out /root/pos.key
  pgkeep init --repo /mnt/backups/pos -r age1... -r age1...
  pgkeep init --repo /mnt/backups/pos -R owners.txt")]
pub(crate) struct Init {
    /// Owner's age recipient; may be given several times
    #[arg(long = "recipient", short, value_name = "RECIPIENT", help_heading = "Owners")]
    recipients: Vec<String>,
    /// File with owners' age recipients, one a line; may be given several times
    #[arg(long = "recipients-file", short = 'R', value_name = "FILE", help_heading = "Owners")]
    recipients_files: Vec<PathBuf>,
    /// File with an identity that exists and shall open the repository; may be given several times
    #[arg(long = "identity", short, value_name = "FILE", help_heading = "Owners")]
    identity: Vec<PathBuf>,
    /// Where to write the new identity; the file must not exist [default: ID.key in $XDG_CONFIG_HOME/pgkeep, where ID
    /// is the start of the repository's id]
    #[arg(long, value_name = "FILE", help_heading = "Owners",
          conflicts_with_all = ["recipients", "recipients_files", "identity"])]
    identity_out: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// The last event of `init`.
#[derive(Serialize)]
struct Summary {
    repository: RepositoryId,
    place: String,
    /// Who opens it, as age writes recipients.
    owners: Vec<String>,
    /// The file with the new identity, if one was made.
    identity: Option<PathBuf>,
    /// Whether the identity files that were given name other repositories, so that they would not open this one.
    #[serde(skip)]
    names_others: bool,
}

impl Init {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let summary = context.cancellation.unless(self.init()).await?;
        if let Some(known) = Known::here() {
            // Where that fails, its first use remembers it, and says so.
            drop(known.remember(&Names::of(&summary.place), summary.repository, false));
        }
        context.output.result("init", &summary, &text(&summary))?;
        Ok(())
    }

    async fn init(&self) -> Result<Summary> {
        let place = self.place.name()?;
        let (owners, names_others) = self.owners()?;
        let store = Store::create(&place)?;
        if !owners.is_empty() {
            let repository = Repository::init(store, &owners, None).await?;
            return Ok(Summary { names_others, ..Summary::new(&repository, &owners, None) });
        }
        let draft = Draft::new(self.identity_out.as_deref())?;
        let owners = [draft.identity.recipient()];
        match Repository::init(store, &owners, None).await {
            Ok(repository) => {
                let file = draft.keep(repository.id())?;
                Ok(Summary::new(&repository, &owners, Some(file)))
            }
            Err(error) => {
                draft.discard();
                Err(error)
            }
        }
    }

    /// Everybody who was given as an owner, empty where nobody was, and whether their identity files are those of other
    /// repositories.
    fn owners(&self) -> Result<(Vec<Recipient>, bool)> {
        let mut names_others = false;
        let mut owners = self.recipients.iter().map(|text| text.parse()).collect::<Result<Vec<Recipient>>>()?;
        for file in &self.recipients_files {
            owners.extend(recipients_in(file)?);
        }
        // What the environment holds is for other repositories where owners or a new file are asked for here.
        if !self.identity.is_empty() || (owners.is_empty() && self.identity_out.is_none()) {
            let given = Found::given(&self.identity)?;
            owners.extend(given.identities.iter().map(Identity::recipient));
            names_others = given.names_repositories();
        }
        Ok((owners, names_others))
    }
}

/// Recipients one a line; empty lines and lines that begin with `#` count for nothing, as in age.
fn recipients_in(file: &Path) -> Result<Vec<Recipient>> {
    let text = std::fs::read_to_string(file).map_err(|error| Error::Usage {
        message: format!("cannot read the recipients file {}: {error}", file.display()),
        hint: None,
    })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let owners = lines.map(str::parse).collect::<Result<Vec<Recipient>>>()?;
    if owners.is_empty() {
        return Err(Error::usage(format!("{} names no recipient", file.display())));
    }
    Ok(owners)
}

impl Summary {
    fn new(repository: &Repository, owners: &[Recipient], identity: Option<PathBuf>) -> Self {
        Self {
            repository: repository.id(),
            place: repository.store().place().to_owned(),
            owners: owners.iter().map(Recipient::to_string).collect(),
            identity,
            names_others: false,
        }
    }
}

fn text(summary: &Summary) -> String {
    let mut text = format!("made repository {}\n     in {}\n", summary.repository, summary.place);
    for owner in &summary.owners {
        text += &format!("  owner {owner}\n");
    }
    match &summary.identity {
        Some(file) => {
            let file = file.display();
            text += &format!(
                "\nThe identity that opens it is in\n    {file}\n\
                 Whoever loses it loses every backup in this repository: nobody can open them without it.\n\
                 Copy it now to a place that neither the database server nor the repository shares:\n    \
                 cp -p {file} /somewhere/safe/      or print it: it is one line\n",
            );
        }
        None => {
            text +=
                "\nOnly the identities of these owners open it. Whoever loses all of them loses every backup in it.\n";
        }
    }
    if summary.names_others {
        let id = summary.repository;
        text += &format!(
            "\nThe identity file given names other repositories. Add this line to it:\n    # repository: {id}\n"
        );
    }
    text
}
