mod migrations {
    glowplug::migrations!("fixtures/config");
}

fn main() {
    let _ = migrations::runner();
}
