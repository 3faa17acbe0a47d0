//! The same on MariaDB.

use glowplug_tests::MariadbDatabase;
use glowplug_tests::process::Service;

use super::{Outcome, PROGRAM, folder};

pub fn service(database: &MariadbDatabase) -> Service {
    Service::new(PROGRAM, &folder("mariadb"), &database.url()).with("GLOWPLUG_LOCK_WAIT", "240s")
}

pub fn outcome(database: &MariadbDatabase) -> Outcome {
    Outcome {
        witness: database.rows("SELECT migration, step, count(*) FROM witness GROUP BY 1, 2 ORDER BY 1, 2"),
        applied: database.rows(
            "SELECT a.version, h.status, h.statements_done = h.statements_total FROM __diesel_schema_migrations a \
             LEFT JOIN __glowplug_history h ON h.version = a.version \
               AND h.id = (SELECT max(id) FROM __glowplug_history WHERE version = a.version) ORDER BY 1",
        ),
        completed: database
            .rows("SELECT version, count(*) FROM __glowplug_history WHERE status = 'completed' GROUP BY 1 ORDER BY 1"),
        schema: database.dump(),
    }
}

/// What is not as it must be, in words; empty where everything is.
pub fn amiss(database: &MariadbDatabase, expected: &Outcome) -> Vec<String> {
    let mut amiss = outcome(database).differences(expected);
    if is_locked(database) {
        amiss.push("the lock is held".to_owned());
    }
    amiss
}

/// Whether anybody has the lock of a run.
pub fn is_locked(database: &MariadbDatabase) -> bool {
    let name = "CONCAT('glowplug:', LEFT(SHA2(CONCAT(LOWER(DATABASE()), '/'), 256), 48))";
    database.rows(&format!("SELECT IS_FREE_LOCK({name})")) != ["1"]
}
