//! What needs a newer server than the one that the settings name.

use super::{Cursor, R, SyntaxError};

impl Cursor<'_> {
    /// Says that what was read since the mark, or is next, is known to PostgreSQL from this major version on: an error
    /// where `server-version` is older. Where none is stated, nothing is asked.
    pub(crate) fn needs(&self, since: u32, what: &str, mark: usize) -> R<()> {
        let server = self.syntax.server;
        if server >= since {
            return Ok(());
        }
        let read = self.span_from(mark);
        let span = if read.start < read.end { read } else { self.peek_span() };
        let message = format!("{what} needs PostgreSQL {since}, and `server-version` says {server}");
        Err(SyntaxError::new("newer-than-server", span, message)
            .label(format!("since PostgreSQL {since}"))
            .help(format!("write it as PostgreSQL {server} reads it, or raise `server-version`")))
    }
}
