#![allow(deprecated)]

mod toolbox {
    pub use glowplug as migrate;
}

mod migrations {
    glowplug::migrations!("fixtures/sound", backend = "postgres", crate = crate::toolbox::migrate);
}

fn main() {
    let _: crate::toolbox::migrate::Runner = migrations::runner();
}
