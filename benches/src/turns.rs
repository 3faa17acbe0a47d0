//! Counts how often a client waits for a PostgreSQL server: a proxy between the two that reads nothing of what they say.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// A way to a server, which counts.
pub(crate) struct Turns {
    pub(crate) port: u16,
    count: Arc<AtomicUsize>,
}

impl Turns {
    /// A way to the server at `address`.
    pub(crate) fn to(address: &str) -> std::io::Result<Turns> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let count = Arc::new(AtomicUsize::new(0));
        let (counted, address) = (count.clone(), address.to_owned());
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (counted, address) = (counted.clone(), address.clone());
                thread::spawn(move || carry(&client, &address, &counted));
            }
        });
        Ok(Turns { port, count })
    }

    /// How often clients have waited since the last question.
    pub(crate) fn take(&self) -> usize {
        self.count.swap(0, Ordering::SeqCst)
    }
}

fn carry(client: &TcpStream, address: &str, count: &AtomicUsize) {
    let Ok(server) = TcpStream::connect(address) else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let asked = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| pass(&server, client, || count_if(&asked, count)));
        pass(client, &server, || asked.store(true, Ordering::SeqCst));
    });
}

/// The first bytes behind a question end the wait for it.
fn count_if(asked: &AtomicBool, count: &AtomicUsize) {
    if asked.swap(false, Ordering::SeqCst) {
        count.fetch_add(1, Ordering::SeqCst);
    }
}

fn pass(mut from: &TcpStream, mut to: &TcpStream, seen: impl Fn()) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        seen();
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
