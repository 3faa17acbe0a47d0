mod migrations {
    glowplug::migrations!("fixtures/sqlite_engine", backend = sqlite);
}

fn main() {
    // Nothing of this may be reported beside the migration's own error.
    let _ = migrations::MIGRATIONS.list.len();
    let _ = migrations::runner();
}
