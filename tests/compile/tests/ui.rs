//! What `migrations!` says of bad input, to the letter, and what it makes of good input.
//!
//! `TRYBUILD=overwrite cargo test -p glowplug-compile-tests` writes the `.stderr` files anew: read each one before it is
//! committed. Could somebody who has never seen this project act on it at once?

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Both tests use the project that trybuild keeps in the target folder.
static PROJECT: Mutex<()> = Mutex::new(());

#[test]
fn bad_input_is_refused_with_a_message_to_act_on() {
    let _alone = PROJECT.lock();
    place_fixtures();
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fail/*.rs");
}

#[test]
fn good_input_compiles_and_is_what_it_says() {
    let _alone = PROJECT.lock();
    place_fixtures();
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
}

/// Puts the fixtures beside the Cargo.toml that trybuild writes: `migrations!` looks there.
fn place_fixtures() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let fixtures = target.join("tests/trybuild").join(env!("CARGO_PKG_NAME")).join("fixtures");
    match fs::remove_dir_all(&fixtures) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => panic!("{}: {error}", fixtures.display()),
    }
    copy(&here.join("tests/ui/fixtures"), &fixtures);
    for engine in ["postgres", "sqlite"] {
        copy(&here.join("../../migrations").join(engine), &fixtures.join(format!("household-{engine}")));
    }

    // What an editor, a checkout on another system or git itself might "repair" is written here, byte by byte.
    let write = |file: &str, bytes: &[u8]| {
        let file = fixtures.join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder for it");
        fs::write(&file, bytes).expect("written");
    };
    write(
        "latin1/001_create_caf.sql",
        b"-- r\xE9serv\xE9\nCREATE TABLE IF NOT EXISTS cafes (id uuid NOT NULL PRIMARY KEY);\n",
    );
    write(
        "nul/001_create_users.sql",
        b"CREATE TABLE IF NOT EXISTS users (\n    id uuid NOT NULL PRIMARY KEY,\n    email \0text\n);\n",
    );
    let deep = format!("ALTER TABLE users ADD CHECK {}1{};\n", "(".repeat(10_000), ")".repeat(10_000));
    write("deep_parentheses/001_check.sql", deep.as_bytes());
    for file in ["001_create_users.sql", "002_create_posts.sql"] {
        let plain = fs::read_to_string(here.join("tests/ui/fixtures/sound").join(file)).expect("read");
        let windows = format!("\u{feff}{}", plain.replace("\r\n", "\n").replace('\n', "\r\n"));
        write(&format!("windows/{file}"), windows.as_bytes());
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    let entries = fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    for entry in entries {
        let from: PathBuf = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
    }
}
