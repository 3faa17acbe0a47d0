//! What went wrong: the number and SQLSTATE of an error, which diesel keeps to itself, what they mean, and where in the
//! statement it lies.

use super::Mysql;
use crate::backend::place_of;
use crate::error::{Cause, Failure, Meaning};
use diesel::connection::LoadConnection;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};

/// A row that is there already.
pub(super) const DUPLICATE: u16 = 1062;

/// What diesel says of `sent`, with what the server still knows of it: the conditions of the last statement stay until
/// the next one. Where the server does not answer that question either, the connection is gone.
pub(super) fn explained<C: LoadConnection<Backend = Mysql>>(
    connection: &mut C,
    sent: &str,
    error: Error,
) -> Box<Failure> {
    #[derive(QueryableByName)]
    struct Said {
        #[diesel(sql_type = Nullable<BigInt>)]
        number: Option<i64>,
        #[diesel(sql_type = Nullable<Text>)]
        state: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        message: Option<String>,
    }
    let asked_server = matches!(error, Error::DatabaseError(..));
    let mut failure = Box::<Failure>::from(error);
    failure.sqlstate = None;
    if !asked_server {
        return failure;
    }
    let asked = connection
        .batch_execute(
            "GET DIAGNOSTICS CONDITION 1 @glowplug_number = MYSQL_ERRNO, @glowplug_sqlstate = RETURNED_SQLSTATE, \
             @glowplug_message = MESSAGE_TEXT",
        )
        .and_then(|()| {
            sql_query(
                "SELECT CAST(@glowplug_number AS SIGNED) AS number, CAST(@glowplug_sqlstate AS CHAR) AS state, \
                 CAST(@glowplug_message AS CHAR) AS message",
            )
            .get_result::<Said>(connection)
        });
    match asked {
        // A message may have been cut short.
        Ok(said) if said.message.as_ref().is_some_and(|message| failure.message.starts_with(message.trim_end())) => {
            failure.number = said.number.and_then(|number| u16::try_from(number).ok());
            failure.sqlstate = said.state;
        }
        Ok(_) => {}
        Err(_) if connection.batch_execute("DO 0").is_err() => failure.cause = Cause::Lost,
        Err(_) => {}
    }
    failure.meaning = Some(failure.number.map_or(Meaning::Other, meaning));
    failure.position = position(sent, failure.number, &failure.message);
    failure
}

/// The numbers of both engines' manuals. A wait for a lock and a limit of time have no SQLSTATE of their own.
fn meaning(number: u16) -> Meaning {
    match number {
        1007 | 1050 | 1060 | 1061 | 1304 | 1359 | 1537 => Meaning::Exists,
        1054 => Meaning::NoColumn,
        1205 | 3572 => Meaning::Locked,
        // The last two: a row changed since it was read (MariaDB 11), and certification in a cluster.
        1213 | 1020 | 3101 => Meaning::Conflict,
        1317 | 1969 | 3024 => Meaning::Cancelled,
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 | 1419 => Meaning::Denied,
        1290 | 1792 | 1836 => Meaning::ReadOnly,
        1021 | 1037 | 1038 | 1040 | 1041 | 1114 | 1203 | 1226 => Meaning::NoRoom,
        1048 | DUPLICATE | 1216 | 1217 | 1264 | 1265 | 1292 | 1366 | 1406 | 1451 | 1452 | 1586 | 1859 | 3819 | 4025 => {
            Meaning::Rows
        }
        _ => Meaning::Other,
    }
}

/// Where in what was sent the error lies, in characters from 1. A syntax error shows the rest of the text and its line;
/// others show a name, which is the place where it stands there once.
fn position(sent: &str, number: Option<u16>, message: &str) -> Option<usize> {
    let at = match number? {
        1064 => {
            // The text may hold quotes, the end of the message is known.
            let (_, rest) = message.split_once("near '")?;
            let (near, line) = rest.rsplit_once("' at line ")?;
            let line: usize = line.trim().parse().ok()?;
            let start: usize = sent.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
            let end = start + sent[start..].find('\n').map_or(sent.len() - start, |end| end + 1);
            if near.is_empty() { end } else { sent[start..].find(near).map(|at| start + at).filter(|at| *at <= end)? }
        }
        1050 | 1051 | 1054 | 1060 | 1061 | 1072 | 1091 | 1109 | 1146 | 1176 | 1304 | 1305 | 1360 | 1824 => {
            let mut names = message.split(['\'', '`']);
            let name = names.nth(1)?;
            place_of(sent, name.rsplit('.').next()?, matches!(number, Some(1060 | 1061)))?
        }
        _ => return None,
    };
    Some(sent[..at].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn the_place_is_found() {
        let near = |text: &str, line: usize| {
            format!("You have an error in your SQL syntax; check the manual … near '{text}' at line {line}")
        };
        assert_eq!(position("CREATE TABEL x (a int)", Some(1064), &near("TABEL x (a int)", 1)), Some(8));
        assert_eq!(position("SELECT 'é',\n  FORM x 'y'", Some(1064), &near("FORM x 'y'", 2)), Some(15));
        assert_eq!(position("SELECT", Some(1064), &near("", 1)), Some(7));
        let unknown = "Unknown column 'agee' in 'field list'";
        assert_eq!(position("SELECT agee FROM t", Some(1054), unknown), Some(8));
        assert_eq!(position("SELECT agee FROM t WHERE agee", Some(1054), unknown), None);
        assert_eq!(position("SELECT * FROM nope", Some(1146), "Table 't1.nope' doesn't exist"), Some(15));
        assert_eq!(position("CREATE TABLE t (a int, a int)", Some(1060), "Duplicate column name 'a'"), Some(24));
        assert_eq!(position("SELECT 1", None, "x"), None);
    }
}
