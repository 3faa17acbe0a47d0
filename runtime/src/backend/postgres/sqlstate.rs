//! The code of an error, which diesel keeps to itself.

use super::{Pg, batch, quote, rows};
use crate::error::Failure;
use diesel::QueryableByName;
use diesel::connection::LoadConnection;
use diesel::sql_types::{Nullable, Text};

/// The SQLSTATE of a statement that has just failed with `message`, from inside a transaction that will be rolled back.
///
/// libpq knows the code, and diesel does not hand it on. PL/pgSQL says it: the statement is run once more where its
/// error is caught, under short limits, and the code is believed if the message is the same.
pub(super) fn of<C: LoadConnection<Backend = Pg>>(
    connection: &mut C,
    statement: &str,
    message: &str,
) -> Result<Again, Box<Failure>> {
    #[derive(QueryableByName)]
    struct Said {
        #[diesel(sql_type = Nullable<Text>)]
        sqlstate: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        message: Option<String>,
    }
    let block = format!(
        "DECLARE code text; said text; BEGIN EXECUTE {}; \
         EXCEPTION WHEN query_canceled OR others THEN \
         GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, said = MESSAGE_TEXT; \
         PERFORM set_config('glowplug.sqlstate', code, true), set_config('glowplug.message', said, true); END",
        quote(statement)
    );
    // Two messages: the limit of a statement counts from the start of its message.
    batch(connection, "SET LOCAL lock_timeout = 100; SET LOCAL statement_timeout = 2000")?;
    batch(connection, &format!("DO {}", quote(&block)))?;
    let said: Vec<Said> = rows(
        connection,
        "SELECT current_setting('glowplug.sqlstate', true) AS sqlstate, current_setting('glowplug.message', true) AS message",
    )?;
    let said = said.into_iter().next();
    Ok(match said {
        // A session that had its settings set before answers an empty text.
        Some(Said { message: Some(again), sqlstate: Some(code) }) if !code.is_empty() => {
            if again.trim_end() == message { Again::Fails(code) } else { Again::FailsOtherwise }
        }
        _ => Again::GoesWell,
    })
}

/// How a statement that has failed goes when it is run once more.
pub(super) enum Again {
    /// As it did, with this code.
    Fails(String),
    /// In another way, which tells nothing.
    FailsOtherwise,
    /// Whatever it was is over.
    GoesWell,
}

/// The code of messages that are known by their (English) words: of what cannot be run again inside a block, and of what
/// must be known at once because it is tried again.
pub(super) fn known(message: &str) -> Option<&'static str> {
    let starts = |start: &str| message.starts_with(start);
    let ends = |end: &str| message.ends_with(end);
    Some(if starts("relation \"") && ends("does not exist") {
        "42P01"
    } else if starts("relation \"") && ends("already exists") {
        "42P07"
    } else if starts("column ") && ends("does not exist") {
        "42703"
    } else if starts("syntax error at") {
        "42601"
    } else if starts("permission denied") || starts("must be owner") {
        "42501"
    } else if starts("deadlock detected") {
        "40P01"
    } else if starts("could not serialize access") {
        "40001"
    } else if ends("due to lock timeout") || starts("could not obtain lock") {
        "55P03"
    } else if starts("canceling statement due to") {
        "57014"
    } else if starts("terminating connection due to administrator command") {
        "57P01"
    } else if ends("cannot run inside a transaction block") {
        "25001"
    } else if starts("could not extend file") && message.contains("No space left on device") {
        "53100"
    } else {
        return None;
    })
}

/// Whether the detail of an error is that of a deadlock, in whatever language: a line for each process that waits, with
/// its number and that of the one it waits for. The first is `own`, which noticed, and the last waits for it.
pub(super) fn is_deadlock(detail: &str, own: i32) -> bool {
    let own = own.to_string();
    let names = |line: &&str| line.split(|c: char| !c.is_ascii_digit()).any(|number| number == own);
    let mut lines = detail.lines();
    lines.next().as_ref().is_some_and(names) && lines.next_back().as_ref().is_some_and(names)
}

#[cfg(test)]
mod tests {
    use super::is_deadlock;

    #[test]
    fn a_deadlock_is_known_in_any_language() {
        let english = "Process 71 waits for ShareLock on virtual transaction 4/12; blocked by process 82.\n\
                       Process 82 waits for ShareUpdateExclusiveLock on relation 16385 of database 16384; blocked by process 71.";
        let german = "Prozess 71 wartet auf ShareLock-Sperre auf virtuelle Transaktion 4/12; blockiert von Prozess 82.\n\
                      Prozess 82 wartet auf Sperre auf Relation 16385 der Datenbank 16384; blockiert von Prozess 71.";
        let japanese = "プロセス71は仮想トランザクション4/12のShareLockを待機していましたが、プロセス82でブロックされました\n\
                        プロセス82はロックを待機していましたが、プロセス71でブロックされました";
        for detail in [english, german, japanese] {
            assert!(is_deadlock(detail, 71), "{detail}");
            assert!(!is_deadlock(detail, 7), "{detail}");
        }
        assert!(!is_deadlock("Key (id)=(71) already exists.", 71));
        assert!(!is_deadlock("", 71));
    }
}
