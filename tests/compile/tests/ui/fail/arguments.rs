mod nothing {
    glowplug::migrations!();
}

mod not_a_string {
    glowplug::migrations!(migrations);
}

mod no_such_folder {
    glowplug::migrations!("fixtures/soud");
}

mod a_file {
    glowplug::migrations!("fixtures/sound/001_create_users.sql");
}

mod absolute {
    glowplug::migrations!("/srv/migrations");
}

mod backslash {
    glowplug::migrations!("fixtures\\sound");
}

mod unknown_engine {
    glowplug::migrations!("fixtures/sound", backend = oracle);
}

mod unknown_argument {
    glowplug::migrations!("fixtures/sound", backed = postgres);
}

mod second_folder {
    glowplug::migrations!("fixtures/sound", "fixtures/folders");
}

fn main() {
    let _ = nothing::runner();
    let _ = no_such_folder::runner();
}
