mod migrations {
    glowplug::migrations!("fixtures/index_in_create_table", backend = postgres);
}

fn main() {
    // Nothing of this may be reported beside the migration's own error.
    let _ = migrations::MIGRATIONS.list.len();
    let _ = migrations::runner();
}
