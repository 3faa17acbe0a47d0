mod migrations {
    glowplug::migrations!("fixtures/engines", backend = postgres);
}

fn main() {
    let _ = migrations::runner();
}
