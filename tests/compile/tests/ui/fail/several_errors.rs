use diesel::PgConnection;

mod migrations {
    glowplug::migrations!("fixtures/several_errors", backend = postgres);
}

// Two bad migrations are two errors: what uses the macro's output has nothing to add to them.
fn start(connection: &mut PgConnection) -> Result<(), glowplug::Error> {
    let report = migrations::run_pending(connection)?;
    println!("{report}");
    println!("{}", migrations::status(connection)?);
    let _ = migrations::health(connection).http_status();
    Ok(())
}

fn main() {
    let _ = start;
}
