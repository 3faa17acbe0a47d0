use super::{Done, Ran, SETTINGS, clock, is_postgres, timed};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use std::path::Path;

pub(super) fn run(folder: &Path, url: &str) -> Done<Ran> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let migrator = Migrator::new(folder).await?;
        let since = clock();
        if is_postgres(url) {
            let mut connection = PgConnection::connect(url).await?;
            migrator.run(&mut connection).await?;
            timed(since, || Ok(""))
        } else {
            let mut connection = SqliteConnectOptions::new().filename(url).create_if_missing(true).connect().await?;
            migrator.run(&mut connection).await?;
            let took = since.elapsed();
            let settings = sqlx::query_scalar::<_, String>(SETTINGS).fetch_one(&mut connection).await?;
            Ok(Ran { took, settings })
        }
    })
}
