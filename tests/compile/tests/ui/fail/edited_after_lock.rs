mod migrations {
    glowplug::migrations!("fixtures/edited_after_lock", backend = postgres);
}

fn main() {
    let _ = migrations::runner();
}
