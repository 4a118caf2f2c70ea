//! The database that a restore writes to: what it is, what it has already, what it lacks. Reads only.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::catalog::bookkeeping;
use crate::error::Result;
use crate::object::{Kind, Lack, Name, Object, Space};
use crate::pg::{Row, Session, sql};
use crate::restore::ledger::{Found, Lock};
use crate::text;
use crate::text::Text;

/// An extension that a database has.
#[derive(Clone, Debug)]
pub(crate) struct Installed {
    pub(crate) schema: Text,
    pub(crate) version: Text,
}

/// The target as it is before the restore.
#[derive(Debug)]
pub(crate) struct Target {
    /// `server_version_num`.
    pub(crate) version: u32,
    pub(crate) database: Text,
    pub(crate) encoding: Text,
    pub(crate) collate: Text,
    pub(crate) ctype: Text,
    /// Whether the database will be made first.
    pub(crate) is_new: bool,
    pub(crate) role: Text,
    pub(crate) superuser: bool,
    pub(crate) may_create: bool,
    pub(crate) standby: bool,
    /// Locks that the server has room for.
    pub(crate) locks: i64,
    /// Connections that are still free.
    pub(crate) free: i64,
    /// How long the way to the server and back takes.
    pub(crate) round_trip: Duration,
    pub(crate) roles: HashSet<Text>,
    /// Roles that the restoring one may give objects to.
    pub(crate) gives: HashSet<Text>,
    /// Extensions that the server could create, with the version that it would.
    pub(crate) extensions: HashMap<Text, Text>,
    /// Those that this database has.
    pub(crate) installed: HashMap<Text, Installed>,
    /// Those that only a superuser may create.
    pub(crate) guarded: HashSet<Text>,
    pub(crate) tablespaces: HashSet<Text>,
    /// Those in which the role may create.
    pub(crate) usable_tablespaces: HashSet<Text>,
    /// Those of the system.
    pub(crate) collations: HashSet<Text>,
    /// Ways to compress columns.
    pub(crate) compressions: HashSet<Text>,
    pub(crate) access_methods: HashSet<Text>,
    /// Access methods of indexes too.
    all_access_methods: HashSet<Text>,
    languages: HashSet<Text>,
    /// Schemas in which the role may not create.
    pub(crate) closed_schemas: HashSet<Text>,
    /// Roles whose settings the role may make.
    pub(crate) sets: HashSet<Text>,
    /// Settings that the role may not make.
    pub(crate) closed_settings: HashSet<Text>,
    /// Event triggers of users, which may act on all that is created.
    pub(crate) event_triggers: Vec<Text>,
    /// What stands where the ledger of a restore would.
    pub(crate) ledger: Found,
    existing: HashSet<(Space, Name)>,
}

impl Target {
    /// Looks at the database of this session, as the role that will restore.
    pub(crate) async fn read(session: &mut Session, role: Option<&Text>) -> Result<Self> {
        session.run("BEGIN").await?;
        if let Some(role) = role {
            let take = text!["SET LOCAL ROLE ", role.ident()];
            session.run(take).await.map_err(|e| e.while_doing(format!("take role {role}")))?;
        }
        let seen = Self::look(session).await?;
        session.run("ROLLBACK").await?;
        Ok(seen)
    }

    async fn look(session: &mut Session) -> Result<Self> {
        let doing = "look at the target";
        let ledger = Found::read(session, Lock::Read).await?;
        let mut existing = existing(session).await?;
        if matches!(ledger, Found::Empty | Found::Unfinished(_)) {
            existing.retain(|(_, name)| !bookkeeping::holds(name));
        }
        let statement = sql::for_version(include_str!("target.sql"), session.major());
        let rows = session.query(statement).await.map_err(|e| e.while_doing(doing))?;
        let asked = Instant::now();
        session.query("SELECT 1").await.map_err(|e| e.while_doing(doing))?;
        let round_trip = asked.elapsed();
        let row = rows.one()?;
        let set = |column: &str| row.texts(column).map(HashSet::from_iter);
        Ok(Self {
            version: row.number("version")?,
            database: row.text("database")?,
            encoding: row.text("encoding")?,
            collate: row.text("collate")?,
            ctype: row.text("ctype")?,
            is_new: false,
            role: row.text("role")?,
            superuser: row.boolean("superuser")?,
            may_create: row.boolean("may_create")?,
            standby: row.boolean("standby")?,
            locks: row.number("locks")?,
            free: row.number("free")?,
            round_trip,
            roles: set("roles")?,
            gives: set("gives")?,
            extensions: row.texts("extensions")?.into_iter().zip(row.texts("extension_versions")?).collect(),
            installed: installed(row)?,
            guarded: set("guarded")?,
            tablespaces: set("tablespaces")?,
            usable_tablespaces: set("usable_tablespaces")?,
            collations: set("collations")?,
            compressions: set("compressions")?,
            access_methods: set("access_methods")?,
            all_access_methods: set("all_access_methods")?,
            languages: set("languages")?,
            closed_schemas: set("closed_schemas")?,
            sets: set("sets")?,
            closed_settings: set("closed_settings")?,
            event_triggers: row.texts("event_triggers")?,
            ledger,
            existing,
        })
    }

    /// Turns this look at a maintenance database into the look at a database that will be made from template0.
    pub(crate) fn becomes_new(&mut self, database: Text, encoding: &str) {
        self.database = database;
        self.encoding = Text::from(encoding);
        self.may_create = true;
        self.is_new = true;
        // Whoever makes a database owns it, and it begins with no extension but this one.
        self.gives.insert("pg_database_owner".into());
        self.installed.retain(|name, _| name.as_bytes() == b"plpgsql");
        self.closed_schemas.clear();
        self.existing.clear();
        self.event_triggers.clear();
        self.ledger = Found::Nothing;
    }

    /// Whether the user has nothing in it: no schema, relation, routine or type beside what extensions brought.
    pub(crate) fn is_empty(&self) -> bool {
        self.existing.is_empty()
    }

    /// How many objects there are already.
    pub(crate) fn objects(&self) -> usize {
        self.existing.len()
    }

    /// Whether an object that would be created is there already.
    pub(crate) fn has(&self, kind: Kind, name: &Name) -> bool {
        let Some(space) = kind.facts().space else { return false };
        self.existing.contains(&(space, name.clone()))
    }

    /// Whether what is restored may use an object of the target: also what nobody minds being there.
    pub(crate) fn offers(&self, kind: Kind, name: &Name) -> bool {
        match kind {
            Kind::Extension => self.installed.contains_key(&name.name),
            Kind::Language => self.languages.contains(&name.name),
            Kind::AccessMethod => self.all_access_methods.contains(&name.name),
            _ => self.has(kind, name),
        }
    }

    /// Those of these objects that are there, as `kind name`.
    pub(crate) fn existing_of(&self, objects: &[&Object]) -> Vec<String> {
        let there = objects.iter().filter(|object| self.has(object.kind, &object.name));
        there.map(|object| format!("{} {}", object.kind.noun(), object.name)).collect()
    }

    /// Whether the target has what an object of the snapshot lacks there; a key or an index by its table.
    pub(crate) fn provides(&self, lack: &Lack) -> bool {
        match (lack.kind, &lack.name.table) {
            (Kind::Constraint | Kind::Index, Some(table)) => {
                let table = Name { table: None, name: table.clone(), ..lack.name.clone() };
                self.existing.contains(&(Space::Relation, table))
            }
            _ => self.offers(lack.kind, &lack.name) && self.misplaced(&lack.name, lack.installed_in.as_ref()).is_none(),
        }
    }

    /// The schema in which an extension is there, where that is another one than the snapshot names its members in.
    pub(crate) fn misplaced(&self, name: &Name, installed_in: Option<&Text>) -> Option<&Text> {
        let there = &self.installed.get(&name.name)?.schema;
        installed_in.filter(|wanted| *wanted != there).map(|_| there)
    }
}

fn installed(row: &Row) -> Result<HashMap<Text, Installed>> {
    let places = row.texts("installed_in")?.into_iter().zip(row.texts("installed_versions")?);
    let places = places.map(|(schema, version)| Installed { schema, version });
    Ok(row.texts("installed")?.into_iter().zip(places).collect())
}

async fn existing(session: &mut Session) -> Result<HashSet<(Space, Name)>> {
    let rows = session
        .query(include_str!("existing.sql"))
        .await
        .map_err(|e| e.while_doing("list the objects of the target"))?;
    rows.iter()
        .map(|row| {
            let kind = row.text("kind")?;
            let space = match kind.as_bytes() {
                b"schema" => Space::Schema,
                b"relation" => Space::Relation,
                b"routine" => Space::Routine,
                _ => Space::Type,
            };
            let arguments = row.maybe("arguments")?;
            Ok((space, Name { schema: row.maybe("schema")?, table: None, name: row.text("name")?, arguments }))
        })
        .collect()
}
