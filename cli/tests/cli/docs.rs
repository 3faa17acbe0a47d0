//! `docs/CARGO.md` shows what was printed: its commands are run here, one after the other, and their output compared.
//! `UPDATE_EXPECT=1` writes what they print.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs a line as a person's shell would; `cargo` is a program that knows `glowplug` alone.
fn shell(root: &Path, line: &str) -> String {
    let path = format!("{}:{}", root.join("bin").display(), std::env::var("PATH").unwrap());
    let both = format!("{{ {line}\n}} 2>&1");
    let mut command = Command::new("sh");
    command.current_dir(root.join("service")).args(["-c", &both]).env("PATH", path).env_remove("CLICOLOR_FORCE");
    let output = command.env_remove("GITHUB_WORKSPACE").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(unix)]
#[test]
fn what_the_guide_shows_was_printed() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    for folder in ["bin", "service", "service/.git"] {
        fs::create_dir(root.path().join(folder)).unwrap();
    }
    let cargo = root.path().join("bin/cargo");
    fs::write(&cargo, format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_cargo-glowplug"))).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();

    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CARGO.md");
    let written = fs::read_to_string(&guide).unwrap();
    let mut printed = String::new();
    let (mut console, mut ran) = (false, 0);
    for line in written.lines() {
        if let Some(prepare) = line.strip_prefix("<!-- run: ") {
            let said = shell(root.path(), prepare.strip_suffix(" -->").expect("closed on its line"));
            assert_eq!(said, "", "{prepare}");
        }
        let fence = line.starts_with("```");
        if fence {
            console = !console && line == "```console";
        }
        if let Some(command) = line.strip_prefix("$ ").filter(|_| console) {
            ran += 1;
            write!(printed, "{line}\n{}", shell(root.path(), command)).unwrap();
        } else if fence || !console {
            printed.push_str(line);
            printed.push('\n');
        }
    }
    assert!(ran > 10, "{ran} commands");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&guide, &printed).unwrap();
    } else if printed != written {
        let differs = printed.lines().zip(written.lines()).find(|(now, then)| now != then);
        panic!("docs/CARGO.md shows something else than is printed; the first line: {differs:?}");
    }
}
