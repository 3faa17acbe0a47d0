//! The expansion holds in a crate that allows itself nothing.
#![deny(warnings, missing_docs, unsafe_code, unreachable_pub, clippy::pedantic)]
// The project that trybuild makes has no build script, and the macro says so.
#![allow(deprecated)]

/// Migrations of a library may well be public.
pub mod migrations {
    glowplug::migrations!("fixtures/sound", backend = postgres);
}

mod private {
    glowplug::migrations!("fixtures/folders", backend = postgres);
}

fn main() {
    assert_eq!(migrations::MIGRATIONS.engine, glowplug::Engine::Postgres);
    assert_eq!(migrations::MIGRATIONS.directory, "fixtures/sound");
    let files: Vec<_> = migrations::MIGRATIONS.list.iter().map(|migration| migration.file).collect();
    assert_eq!(files, ["001_create_users.sql", "002_create_posts.sql"]);
    let posts = &migrations::MIGRATIONS.list[1];
    assert_eq!((posts.version, posts.name), ("002", "create_posts"));
    assert_eq!(posts.statement(1), Some("CREATE INDEX IF NOT EXISTS idx_posts_author_id ON posts (author_id)"));
    assert!(posts.transactional && posts.idempotent && posts.resumable);
    assert_eq!(posts.down, None);
    assert_eq!(posts.checksum.len(), 64);
    let tables: Vec<_> = migrations::MIGRATIONS.tables.iter().map(|table| (table.schema, table.name)).collect();
    assert_eq!(tables, [("public", "posts"), ("public", "users")]);
    assert_eq!(migrations::MIGRATIONS.folder.is_some(), cfg!(debug_assertions));

    let [users, index] = private::MIGRATIONS.list else { panic!("two migrations") };
    assert_eq!(users.down, Some("DROP TABLE IF EXISTS users;\n"));
    assert_eq!(index.version, "20240502090000");
    assert!(!index.transactional);
}
