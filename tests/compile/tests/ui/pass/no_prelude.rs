// The caller's own names, however unlucky, mean nothing to the expansion.
#![allow(dead_code, non_camel_case_types, deprecated)]

mod migrations {
    struct Result;
    struct Option;
    struct Some;
    struct None;
    struct str;
    mod core {}
    mod std {}
    mod glowplug {}
    macro_rules! include_str {
        ($($t:tt)*) => {
            compile_error!("not this one")
        };
    }
    macro_rules! concat {
        ($($t:tt)*) => {
            compile_error!("nor this one")
        };
    }
    ::glowplug::migrations!("fixtures/sound", backend = postgres);
}

fn main() {
    assert_eq!(migrations::MIGRATIONS.list.len(), 2);
}
