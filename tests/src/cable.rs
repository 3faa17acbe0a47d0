//! The way between a client and a server, which a test cuts when it likes: what the system does with the sockets of a
//! process that is killed, while the client lives and knows nothing of it.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A way to a server. It ends with the process of the test.
#[derive(Debug)]
pub struct Cable {
    url: String,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
}

impl Cable {
    /// A way to the database of a URL.
    ///
    /// # Panics
    /// Where the URL has no user or no database, or there is no port to listen on.
    #[must_use]
    pub fn to(url: &str) -> Cable {
        let (before, address) = url.rsplit_once('@').expect("a URL with a user");
        let (server, name) = address.split_once('/').expect("a URL with a database");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let url = format!("{before}@{}/{name}", listener.local_addr().expect("an address"));
        Cable::between(listener, server.to_owned(), url)
    }

    /// A way from a port to a server's address; its URL is the caller's to say.
    #[must_use]
    pub fn between(listener: TcpListener, server: String, url: String) -> Cable {
        let sockets: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let kept = sockets.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&server) else { continue };
                let (Ok(one), Ok(other)) = (client.try_clone(), server.try_clone()) else { continue };
                let (Ok(there), Ok(back)) = (client.try_clone(), server.try_clone()) else { continue };
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend([one, other]);
                for (mut from, mut to) in [(there, server), (back, client)] {
                    thread::spawn(move || {
                        _ = std::io::copy(&mut from, &mut to);
                        _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Cable { url, sockets }
    }

    /// The database's URL by this way.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts the connections that there are. New ones can be made.
    pub fn cut(&self) {
        for socket in self.sockets.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            _ = socket.shutdown(Shutdown::Both);
        }
    }
}
