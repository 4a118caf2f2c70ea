//! What the source of a snapshot was.

use crate::repository::Server;
use crate::restore::ledger::Ledger;
use crate::text::Text;

/// What the source was, as far as it matters to the target.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// `server_version_num`.
    pub(crate) version: u32,
    /// Encoding of the database.
    pub(crate) encoding: String,
    /// Provider of its default collation.
    pub(crate) provider: String,
    pub(crate) collate: String,
    pub(crate) ctype: String,
    /// Whether everything is restored.
    pub(crate) whole: bool,
    /// What this restore would write its ledger under.
    pub(crate) ledger: Ledger,
    /// Names of the settings of the database, where it is to be made.
    pub(crate) settings: Vec<Text>,
    /// Roles with settings of their own in it.
    pub(crate) roles_with_settings: Vec<Text>,
}

impl Origin {
    /// Of what a snapshot says of its server.
    pub(crate) fn new(server: &Server, whole: bool, ledger: &Ledger) -> Self {
        Self {
            version: server.version,
            encoding: server.encoding.clone(),
            provider: server.locale_provider.clone(),
            collate: server.collate.clone(),
            ctype: server.ctype.clone(),
            whole,
            ledger: ledger.clone(),
            settings: Vec::new(),
            roles_with_settings: Vec::new(),
        }
    }
}
