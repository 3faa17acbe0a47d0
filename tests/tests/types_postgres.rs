//! The verdicts that `analysis/tests/types.rs` holds the analysis to are the server's own.

use ::postgres::SimpleQueryMessage;
use glowplug_tests::postgres;

const SETUP: &str = include_str!("../../analysis/tests/types/setup.sql");
const CASES: &str = include_str!("../../analysis/tests/types/cases.tsv");

/// The types of the columns that a statement made, as the server writes them.
const MADE: &str = "SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = to_regclass('made') AND attnum > 0";

#[test]
fn the_server_says_so() {
    let database = postgres();
    database.execute(SETUP);
    let mut client = database.client();
    let mut wrong = Vec::new();
    for line in CASES.lines() {
        let (wanted, statement) = line.split_once('\t').unwrap();
        client.batch_execute("BEGIN").unwrap();
        let said = match client.batch_execute(statement) {
            Err(refusal) => refusal.as_db_error().unwrap().code().code().to_owned(),
            Ok(()) if wanted.starts_with("ok: ") => {
                let rows = client.simple_query(MADE).unwrap();
                let types = rows.iter().find_map(|m| match m {
                    SimpleQueryMessage::Row(row) => row.get(0),
                    _ => None,
                });
                format!("ok: {}", types.unwrap_or_default())
            }
            Ok(()) => "ok".to_owned(),
        };
        client.batch_execute("ROLLBACK").unwrap();
        if said != wanted {
            wrong.push(format!("{statement}\n  written:    {wanted}\n  the server: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
