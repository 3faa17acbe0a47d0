//! A diagnostic as rustc would show it. The only user of annotate-snippets.
