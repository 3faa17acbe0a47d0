// A byte-order mark and Windows line ends are accepted, and the checksum is that of the plain file.
#![allow(deprecated)]

mod plain {
    glowplug::migrations!("fixtures/sound", backend = postgres);
}

mod windows {
    glowplug::migrations!("fixtures/windows", backend = postgres);
}

fn main() {
    for (plain, windows) in plain::MIGRATIONS.list.iter().zip(windows::MIGRATIONS.list) {
        assert_eq!(plain.checksum, windows.checksum, "{}", plain.file);
        assert_ne!(plain.raw_checksum, windows.raw_checksum, "{}", plain.file);
        for index in 0..plain.statements.len() {
            let unix = windows.statement(index).map(|sql| sql.replace("\r\n", "\n"));
            assert_eq!(plain.statement(index).map(str::to_owned), unix, "{}", plain.file);
        }
    }
    assert_eq!(windows::MIGRATIONS.list.len(), 2);
    assert!(windows::MIGRATIONS.list[0].sql.starts_with('\u{feff}'));
}
