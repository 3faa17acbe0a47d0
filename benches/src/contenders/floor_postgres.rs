use super::Done;
use super::floor::Library;
use pq_sys::{ConnStatusType, ExecStatusType, PGconn, PGresult};
use std::ffi::{CStr, CString};

pub(super) struct Postgres(*mut PGconn);

impl Postgres {
    pub(super) fn connect(url: &str) -> Done<Postgres> {
        let url = CString::new(url)?;
        // SAFETY: the text ends with NUL; libpq copies it.
        let connection = Postgres(unsafe { pq_sys::PQconnectdb(url.as_ptr()) });
        // SAFETY: it takes a null pointer for a bad connection.
        match unsafe { pq_sys::PQstatus(connection.0) } {
            ConnStatusType::CONNECTION_OK => Ok(connection),
            _ => Err(connection.message().into()),
        }
    }

    fn message(&self) -> String {
        // SAFETY: it answers a text that lives until the next call, whatever the connection.
        unsafe { CStr::from_ptr(pq_sys::PQerrorMessage(self.0)) }.to_string_lossy().into_owned()
    }

    fn ask(&mut self, sql: &str) -> Done<Answer> {
        let sql = CString::new(sql)?;
        // SAFETY: the connection is open until this value is dropped.
        let answer = Answer(unsafe { pq_sys::PQexec(self.0, sql.as_ptr()) });
        // SAFETY: it takes a null pointer for a fatal error.
        match unsafe { pq_sys::PQresultStatus(answer.0) } {
            ExecStatusType::PGRES_COMMAND_OK | ExecStatusType::PGRES_TUPLES_OK => Ok(answer),
            _ => Err(self.message().into()),
        }
    }
}

impl Library for Postgres {
    const TABLES: &'static str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
           run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);\
         CREATE TABLE IF NOT EXISTS __glowplug_history (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
           version VARCHAR(50) NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, raw_checksum TEXT NOT NULL, \
           status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'reverted', 'baselined')), \
           statements_done INTEGER NOT NULL, statements_total INTEGER NOT NULL, \
           started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ, duration_ms BIGINT, error TEXT, sqlstate TEXT, \
           runner TEXT NOT NULL, tool_version TEXT NOT NULL);";
    const NOW: &'static str = "clock_timestamp()";

    fn execute(&mut self, sql: &str) -> Done<()> {
        self.ask(sql).map(drop)
    }

    fn pairs(&mut self, query: &str) -> Done<Vec<(String, String)>> {
        let answer = self.ask(query)?;
        // SAFETY: the row and the column are within the answer, which lives until the texts are copied.
        let text = |row, column| unsafe { CStr::from_ptr(pq_sys::PQgetvalue(answer.0, row, column)) };
        let text = |row, column| text(row, column).to_string_lossy().into_owned();
        // SAFETY: the answer is one of rows.
        let rows = unsafe { pq_sys::PQntuples(answer.0) };
        Ok((0..rows).map(|row| (text(row, 0), text(row, 1))).collect())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SAFETY: the last use of the connection.
        unsafe { pq_sys::PQfinish(self.0) }
    }
}

struct Answer(*mut PGresult);

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: the last use of the answer.
        unsafe { pq_sys::PQclear(self.0) }
    }
}
