mod migrations {
    glowplug::migrations!("fixtures/sound");
}

fn main() {
    let _ = migrations::runner();
}
