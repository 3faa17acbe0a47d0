use super::floor::Library;
use super::{Done, SETTINGS};
use libsqlite3_sys as ffi;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

pub(super) struct Sqlite(*mut ffi::sqlite3);

impl Sqlite {
    pub(super) fn open(path: &str) -> Done<Sqlite> {
        let path = CString::new(path)?;
        let mut handle = ptr::null_mut();
        let flags = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE;
        // SAFETY: the text ends with NUL, and the handle is written before it is read.
        let code = unsafe { ffi::sqlite3_open_v2(path.as_ptr(), &raw mut handle, flags, ptr::null()) };
        let connection = Sqlite(handle);
        connection.check(code).map(|()| connection)
    }

    pub(super) fn settings(&mut self) -> Done<String> {
        let query = format!("SELECT line, '' FROM ({SETTINGS})");
        Ok(self.pairs(&query)?.pop().ok_or("no settings")?.0)
    }

    fn check(&self, code: c_int) -> Done<()> {
        if code == ffi::SQLITE_OK {
            return Ok(());
        }
        // SAFETY: it answers a text that lives until the next call.
        let message = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.0)) };
        Err(message.to_string_lossy().into())
    }
}

impl Library for Sqlite {
    const TABLES: &'static str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
           run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);\
         CREATE TABLE IF NOT EXISTS __glowplug_history (id INTEGER PRIMARY KEY AUTOINCREMENT, \
           version VARCHAR(50) NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, raw_checksum TEXT NOT NULL, \
           status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'reverted', 'baselined')), \
           statements_done INTEGER NOT NULL, statements_total INTEGER NOT NULL, \
           started_at TEXT NOT NULL, finished_at TEXT, duration_ms INTEGER, error TEXT, sqlstate TEXT, \
           runner TEXT NOT NULL, tool_version TEXT NOT NULL);";
    const NOW: &'static str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

    fn execute(&mut self, sql: &str) -> Done<()> {
        let sql = CString::new(sql)?;
        // SAFETY: the connection is open until this value is dropped; no callback, no message asked for.
        let code = unsafe { ffi::sqlite3_exec(self.0, sql.as_ptr(), None, ptr::null_mut(), ptr::null_mut()) };
        self.check(code)
    }

    fn pairs(&mut self, query: &str) -> Done<Vec<(String, String)>> {
        unsafe extern "C" fn row(
            to: *mut c_void,
            columns: c_int,
            values: *mut *mut c_char,
            _: *mut *mut c_char,
        ) -> c_int {
            assert!(columns >= 2);
            // SAFETY: `to` is the vector below, which outlives the call; there are two values at least, and neither is NULL
            // in what is asked.
            unsafe {
                let text = |column| CStr::from_ptr(*values.add(column)).to_string_lossy().into_owned();
                (*to.cast::<Vec<(String, String)>>()).push((text(0), text(1)));
            }
            0
        }
        let query = CString::new(query)?;
        let mut rows: Vec<(String, String)> = Vec::new();
        // SAFETY: as in `execute`; the callback gets the vector that it expects.
        let code =
            unsafe { ffi::sqlite3_exec(self.0, query.as_ptr(), Some(row), (&raw mut rows).cast(), ptr::null_mut()) };
        self.check(code)?;
        Ok(rows)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // SAFETY: the last use of the connection.
        unsafe { ffi::sqlite3_close(self.0) };
    }
}
