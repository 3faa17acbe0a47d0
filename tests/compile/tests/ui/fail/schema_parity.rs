mod migrations {
    glowplug::migrations!("fixtures/schema_parity/postgres");
}

fn main() {
    let _ = migrations::runner();
}
