mod migrations {
    glowplug::migrations!("fixtures/create_without_guard", backend = postgres);
}

fn main() {
    // Nothing of this may be reported beside the migration's own error.
    let _ = migrations::MIGRATIONS.list.len();
    let _ = migrations::runner();
}
