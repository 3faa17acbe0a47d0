// A warning fails the build only of those who ask for it.
#![deny(deprecated)]

mod migrations {
    glowplug::migrations!("fixtures/vacuous", backend = postgres);
}

fn main() {
    let _ = migrations::runner();
}
