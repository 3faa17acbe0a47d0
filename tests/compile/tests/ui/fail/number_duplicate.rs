mod migrations {
    glowplug::migrations!("fixtures/number_duplicate", backend = postgres);
}

fn main() {
    // Nothing of this may be reported beside the migration's own error.
    let _ = migrations::MIGRATIONS.list.len();
    let _ = migrations::runner();
}
