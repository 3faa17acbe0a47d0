//! What the program says of itself.

use std::fs;

use crate::{folder, run};

#[test]
fn help() {
    let root = folder(&[]);
    let mut text = run(root.path(), &["--help"]).out;
    let commands: Vec<String> = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.strip_prefix("  ")?.split(' ').next().map(str::to_owned))
        .filter(|command| command != "help")
        .collect();
    for command in &commands {
        let ran = run(root.path(), &[command, "--help"]);
        assert_eq!(ran.code, 0);
        text += &format!("\n$ cargo glowplug {command} --help\n{}", ran.out);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let root = folder(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(root.path(), &["completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(ran.out.contains("cargo-glowplug") && ran.out.contains("explain"), "{shell}");
    }
    let script = run(root.path(), &["completions", "bash"]).out;
    fs::write(root.path().join("script"), script).unwrap();
    // What `cargo-glowplug che<TAB>` would answer.
    let asked = "source ./script; COMP_WORDS=(cargo-glowplug che); COMP_CWORD=1
        function=$(complete -p cargo-glowplug | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
        $function cargo-glowplug che cargo-glowplug; echo \"${COMPREPLY[@]}\"";
    let bash = std::process::Command::new("bash").current_dir(root.path()).args(["-c", asked]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&bash.stdout).trim(), "check", "{}", String::from_utf8_lossy(&bash.stderr));
    assert_eq!(run(root.path(), &["completions", "tcsh"]).code, 2);
}

#[test]
fn manual_pages() {
    let root = folder(&[]);
    let page = run(root.path(), &["man"]).out;
    assert!(page.contains(".TH cargo-glowplug 1") && page.contains(".SH SYNOPSIS"), "{page}");
    assert_eq!(run(root.path(), &["man", "--dir", "."]).code, 0);
    assert_eq!(fs::read_to_string(root.path().join("cargo-glowplug.1")).unwrap(), page);
    let check = fs::read_to_string(root.path().join("cargo-glowplug-check.1")).unwrap();
    assert!(check.contains(r"\-\-watch"), "{check}");
    let ran = run(root.path(), &["man", "--dir", "no/such"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "error: cannot write into `no/such`: No such file or directory (os error 2)\n")
    );
}
