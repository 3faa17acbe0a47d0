//! The way between a client and a PostgreSQL or MariaDB server, which can break at any message.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::{MariadbDatabase, TestDatabase};

mod mariadb;

/// Where the way breaks, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The server never sees the message.
    Before,
    /// The server carries the message out, and its answer is lost.
    Behind,
}

/// A way to a database that counts the client's messages: those that the server answers as a whole (a simple query, or
/// the `Sync` behind an extended one; of MariaDB, a command). Connections that are made after the break are let through.
#[derive(Debug)]
pub struct Wire {
    url: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    server: String,
    mariadb: bool,
    at: Option<(usize, Break)>,
    count: AtomicUsize,
    broken: AtomicBool,
    messages: Mutex<Vec<String>>,
}

impl Wire {
    /// A way to a database that never breaks (`None`), or at the n-th message, counted from one.
    ///
    /// # Panics
    /// Where there is no port to listen on.
    #[must_use]
    pub fn to(database: &TestDatabase, at: Option<(usize, Break)>) -> Wire {
        Wire::between(database.url(), false, at)
    }

    /// The same to a database of MariaDB.
    ///
    /// # Panics
    /// Where there is no port to listen on.
    #[must_use]
    pub fn to_mariadb(database: &MariadbDatabase, at: Option<(usize, Break)>) -> Wire {
        Wire::between(&database.url(), true, at)
    }

    fn between(url: &str, mariadb: bool, at: Option<(usize, Break)>) -> Wire {
        let (before, address) = url.rsplit_once('@').expect("a URL with a user");
        let (server, name) = address.split_once('/').expect("a URL with a database");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            server: server.to_owned(),
            mariadb,
            at,
            count: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            messages: Mutex::default(),
        });
        let shared = state.clone();
        // It ends with the test process: nobody can connect to it any longer then.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = shared.clone();
                thread::spawn(move || state.carry(&client));
            }
        });
        Wire { url: format!("{before}@127.0.0.1:{port}/{name}"), state }
    }

    /// The database's URL by this way.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The messages so far, each by its first words.
    ///
    /// # Panics
    /// Where a thread of it did.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.state.messages.lock().expect("no panic while it is held").clone()
    }

    /// Whether it has broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.state.broken.load(Ordering::SeqCst)
    }
}

impl State {
    fn carry(&self, client: &TcpStream) {
        let Ok(server) = TcpStream::connect(&self.server) else { return };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let swallow = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _ = if self.mariadb {
                    mariadb::answers(&server, client, &swallow)
                } else {
                    self.answers(&server, client, &swallow)
                };
                close(client, &server);
            });
            let _ = if self.mariadb {
                mariadb::questions(self, client, &server, &swallow)
            } else {
                self.questions(client, &server, &swallow)
            };
            // Where the answer is to be lost, the server's side ends when it has come.
            if !swallow.load(Ordering::SeqCst) {
                close(client, &server);
            }
        });
    }

    /// Counts a message; whether the way breaks at it, and how.
    fn breaks_at(&self, name: String) -> Option<Break> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.messages.lock().expect("no panic while it is held").push(name);
        let (_, how) = self.at.filter(|(at, _)| *at == number)?;
        self.broken.store(true, Ordering::SeqCst);
        Some(how)
    }

    /// From the client to the server.
    fn questions(&self, mut client: &TcpStream, mut server: &TcpStream, swallow: &AtomicBool) -> io::Result<()> {
        // Until the start-up message, which has no letter before its length.
        loop {
            let message = read_body(&mut client, Vec::new())?;
            let code = message.get(4..8).map(|code| u32::from_be_bytes([code[0], code[1], code[2], code[3]]));
            // Encryption is asked for first, and refused by a letter.
            if matches!(code, Some(80_877_103 | 80_877_104)) {
                client.write_all(b"N")?;
                continue;
            }
            server.write_all(&message)?;
            break;
        }
        let mut extended = String::new();
        loop {
            let message = read_message(&mut client)?;
            let words = || {
                let text: String = message[5..].iter().map(|byte| char::from(*byte)).collect();
                text.split(['\0', ' ', '\n']).filter(|word| !word.is_empty()).take(7).collect::<Vec<_>>().join(" ")
            };
            match message[0] {
                b'P' => extended = words(),
                b'Q' | b'S' => {
                    let name = if message[0] == b'Q' { words() } else { extended.clone() };
                    if let Some(how) = self.breaks_at(name) {
                        if how == Break::Behind {
                            swallow.store(true, Ordering::SeqCst);
                            server.write_all(&message)?;
                        }
                        return Ok(());
                    }
                }
                _ => {}
            }
            server.write_all(&message)?;
        }
    }

    /// From the server to the client, until an answer is to be lost: that is read to its end, and the way breaks.
    fn answers(&self, mut server: &TcpStream, mut client: &TcpStream, swallow: &AtomicBool) -> io::Result<()> {
        loop {
            let message = read_message(&mut server)?;
            if swallow.load(Ordering::SeqCst) {
                if message[0] == b'Z' {
                    return Ok(());
                }
                continue;
            }
            client.write_all(&message)?;
        }
    }
}

fn close(one: &TcpStream, other: &TcpStream) {
    let _ = (one.shutdown(Shutdown::Both), other.shutdown(Shutdown::Both));
}

/// A message: a letter, a length that counts itself, and the rest.
fn read_message(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut letter = [0];
    from.read_exact(&mut letter)?;
    read_body(from, letter.to_vec())
}

fn read_body(from: &mut impl Read, mut message: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    message.extend(length);
    let rest = (u32::from_be_bytes(length) as usize).saturating_sub(4);
    let start = message.len();
    message.resize(start + rest, 0);
    from.read_exact(&mut message[start..])?;
    Ok(message)
}
