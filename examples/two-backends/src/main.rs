//! Notes: SQLite in development, PostgreSQL in production, one `table!` and one set of queries for both.
//!
//! ```text
//! cargo run -p two-backends -- add "buy milk"
//! cargo run -p two-backends -- list
//! DATABASE_URL=postgres://localhost/notes cargo run -p two-backends --features postgres -- list
//! ```
//!
//! Each engine has a folder of migrations, for each has words of its own. `parity = "../postgres"` in the one's
//! glowplug.toml has every build compare what the two folders end in: a column that only one of them has, or that Diesel
//! would read as another Rust type, is a compile error.

use std::env;
use std::error::Error;
use std::process::ExitCode;

use diesel::prelude::*;

mod sqlite {
    glowplug::migrations!("migrations/sqlite");
}

#[cfg(feature = "postgres")]
mod postgres {
    glowplug::migrations!("migrations/postgres");
}

diesel::table! {
    notes (id) {
        id -> BigInt,
        text -> Text,
        done -> Bool,
    }
}

/// Whichever it is: Diesel writes each query for the one that is there.
#[derive(diesel::MultiConnection)]
enum Database {
    Sqlite(SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(PgConnection),
}

#[derive(Queryable)]
struct Note {
    id: i64,
    text: String,
    done: bool,
}

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let url = env::var("DATABASE_URL").unwrap_or_else(|_| "notes.db".to_owned());
    let mut database = open(&url)?;
    let arguments: Vec<String> = env::args().skip(1).collect();
    match Vec::from_iter(arguments.iter().map(String::as_str))[..] {
        ["add", text] => {
            diesel::insert_into(notes::table).values(notes::text.eq(text)).execute(&mut database)?;
        }
        ["done", id] => {
            let note = notes::table.filter(notes::id.eq(id.parse::<i64>()?));
            if diesel::update(note).set(notes::done.eq(true)).execute(&mut database)? == 0 {
                return Err(format!("there is no note {id}").into());
            }
        }
        ["list"] => {
            for Note { id, text, done } in notes::table.order(notes::id).load::<Note>(&mut database)? {
                println!("{id} [{}] {text}", if done { 'x' } else { ' ' });
            }
        }
        _ => return Err("one of: add TEXT, done NUMBER, list".into()),
    }
    Ok(())
}

/// Connects, and migrates before anything else is done.
fn open(url: &str) -> Result<Database, Failure> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        #[cfg(feature = "postgres")]
        {
            let mut connection: PgConnection = glowplug::establish(url)?;
            eprintln!("{}", postgres::run_pending(&mut connection)?);
            return Ok(Database::Postgres(connection));
        }
        #[cfg(not(feature = "postgres"))]
        return Err("this was built without PostgreSQL: build it with `--features postgres`".into());
    }
    let mut connection: SqliteConnection = glowplug::establish(url)?;
    eprintln!("{}", sqlite::run_pending(&mut connection)?);
    Ok(Database::Sqlite(connection))
}
