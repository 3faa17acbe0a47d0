//! The Rust of the pages for people, as documentation tests: `migrations!` finds `tests/migrations` there.
#![allow(dead_code, reason = "what carries a page is never made")]
#![allow(
    rustdoc::invalid_codeblock_attributes,
    reason = "`file=…` behind a block's language is for tests/tests/guide.rs"
)]

macro_rules! page {
    ($name:ident, $file:literal) => {
        #[doc = include_str!($file)]
        struct $name;
    };
}
page!(Start, "../../docs/guide/start.md");
page!(Troubleshooting, "../../docs/guide/troubleshooting.md");
page!(Poolers, "../../docs/guide/poolers.md");
page!(Adopting, "../../docs/guide/adopting.md");
