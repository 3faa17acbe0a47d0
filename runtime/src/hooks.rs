//! What a service does besides, before and after its migrations.

use crate::migration::Migration;
use std::fmt;

/// What a hook answers: any error will do.
pub type HookResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

type RunHook<'a, C> = Box<dyn FnMut(&mut C) -> HookResult + 'a>;
type MigrationHook<'a, C> = Box<dyn FnMut(&mut C, &'static Migration) -> HookResult + 'a>;

/// Closures that a run calls with its connection.
///
/// They are called where there is something to apply, while the lock is held. Those of a migration run inside its
/// transaction where it has one: what they write is committed with it, and an error rolls it back. A hook must not
/// begin, commit or roll back a transaction of its own at the top level.
///
/// ```
/// # use glowplug::{Engine, Migrations};
/// # static MIGRATIONS: Migrations = Migrations {
/// #     engine: Engine::Sqlite, directory: "migrations", folder: None, list: &[], tables: &[] };
/// # #[cfg(feature = "sqlite")]
/// # fn main() -> Result<(), glowplug::Error> {
/// use diesel::SqliteConnection;
/// use diesel::connection::SimpleConnection as _;
///
/// let mut connection = glowplug::establish::<SqliteConnection>(":memory:")?;
/// let mut hooks = glowplug::Hooks::new()
///     .before_run(|connection: &mut SqliteConnection| Ok(connection.batch_execute("PRAGMA cache_size = -65536")?))
///     .after_each(|_, migration| {
///         println!("{} is done", migration.file);
///         Ok(())
///     });
/// glowplug::Runner::new(&MIGRATIONS).run_pending_with(&mut connection, &mut hooks)?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub struct Hooks<'a, C> {
    before_run: Option<RunHook<'a, C>>,
    after_run: Option<RunHook<'a, C>>,
    before_each: Option<MigrationHook<'a, C>>,
    after_each: Option<MigrationHook<'a, C>>,
}

impl<C> fmt::Debug for Hooks<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("before_run", &self.before_run.is_some())
            .field("after_run", &self.after_run.is_some())
            .field("before_each", &self.before_each.is_some())
            .field("after_each", &self.after_each.is_some())
            .finish()
    }
}

impl<C> Default for Hooks<'_, C> {
    fn default() -> Self {
        Hooks { before_run: None, after_run: None, before_each: None, after_each: None }
    }
}

impl<'a, C> Hooks<'a, C> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Before the first migration of a run. An error ends the run before anything is applied.
    #[must_use]
    pub fn before_run(mut self, hook: impl FnMut(&mut C) -> HookResult + 'a) -> Self {
        self.before_run = Some(Box::new(hook));
        self
    }

    /// Behind the last one, where all went well. An error is the run's, though all is applied.
    #[must_use]
    pub fn after_run(mut self, hook: impl FnMut(&mut C) -> HookResult + 'a) -> Self {
        self.after_run = Some(Box::new(hook));
        self
    }

    /// Before each migration.
    #[must_use]
    pub fn before_each(mut self, hook: impl FnMut(&mut C, &'static Migration) -> HookResult + 'a) -> Self {
        self.before_each = Some(Box::new(hook));
        self
    }

    /// Behind each migration's last statement, before it is committed.
    #[must_use]
    pub fn after_each(mut self, hook: impl FnMut(&mut C, &'static Migration) -> HookResult + 'a) -> Self {
        self.after_each = Some(Box::new(hook));
        self
    }

    /// Whether each migration has something done besides, so that it cannot be one message.
    pub(crate) fn has_each(&self) -> bool {
        self.before_each.is_some() || self.after_each.is_some()
    }

    pub(crate) fn call_run(&mut self, after: bool, connection: &mut C) -> HookResult {
        let hook = if after { &mut self.after_run } else { &mut self.before_run };
        hook.as_mut().map_or(Ok(()), |hook| hook(connection))
    }

    pub(crate) fn call_each(&mut self, after: bool, connection: &mut C, migration: &'static Migration) -> HookResult {
        let hook = if after { &mut self.after_each } else { &mut self.before_each };
        hook.as_mut().map_or(Ok(()), |hook| hook(connection, migration))
    }
}
