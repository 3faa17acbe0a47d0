//! A service in this process, and the plainest of clients for it.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A service on a free port. It ends with the value.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    /// Serves these routes.
    ///
    /// # Panics
    /// Where there is no port to listen on.
    #[must_use]
    pub fn start(routes: axum::Router) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("threads for the service");
        let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Server { address, runtime: Some(runtime) }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks for a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Sends a request, and waits for the whole answer.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).expect("it reads");
        Answer::read(&mut stream).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends a request whose body never ends, for at most so many bytes; answers how many went out before the answer
    /// was there.
    ///
    /// # Panics
    /// Where there is no answer.
    #[must_use]
    pub fn flood(&self, head: &str, piece: &[u8], at_most: usize) -> (usize, Answer) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_write_timeout(Some(Duration::from_secs(2))).expect("a socket");
        stream.write_all(head.as_bytes()).expect("it reads the head");
        let reader = stream.try_clone().expect("a socket");
        let answer = thread::spawn(move || Answer::read(&mut { reader }));
        let mut sent = 0;
        while sent < at_most && !answer.is_finished() {
            match stream.write_all(piece) {
                Ok(()) => sent += piece.len(),
                Err(_) => break,
            }
        }
        (sent, answer.join().expect("no panic").expect("an answer"))
    }

    /// Ends it, and waits as a service does: for what runs on the runtime's threads for blocking tasks.
    pub fn stop(mut self) {
        drop(self.runtime.take());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The lines of its head.
    pub head: String,
    /// Its body.
    pub body: String,
}

impl Answer {
    fn read(stream: &mut TcpStream) -> io::Result<Answer> {
        let mut bytes = Vec::new();
        let mut piece = [0; 16 * 1024];
        // A connection that is closed while it still sends is reset; what came before counts.
        let read = loop {
            match stream.read(&mut piece) {
                Ok(0) => break Ok(()),
                Ok(read) => bytes.extend_from_slice(&piece[..read]),
                Err(error) => break Err(error),
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return Err(read.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()));
        };
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// A header, in lower case; empty where it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let is = |line: &&str| line.split(':').next().is_some_and(|there| there.eq_ignore_ascii_case(name));
        self.head.lines().find(is).and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim())
    }

    /// Its body as JSON.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A server that accepts every connection and never answers, until it is told to let them through to another one.
#[derive(Debug)]
pub struct Silent {
    port: u16,
    accepted: Arc<AtomicUsize>,
    target: Arc<Mutex<Option<String>>>,
}

impl Silent {
    /// Begins to listen.
    ///
    /// # Panics
    /// Where there is no port to listen on.
    #[must_use]
    pub fn start() -> Silent {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (accepted, target) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None)));
        let (count, through) = (accepted.clone(), target.clone());
        thread::spawn(move || {
            let mut kept = Vec::new();
            for client in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let target: Option<String> = through.lock().expect("no panic while it is held").clone();
                match target.and_then(|target| TcpStream::connect(target).ok()) {
                    Some(server) => pipe(&client, &server),
                    None => kept.push(client),
                }
            }
        });
        Silent { port, accepted, target }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// From now on connections lead to `host:port`.
    ///
    /// # Panics
    /// Where a thread of it did.
    pub fn let_through_to(&self, address: &str) {
        *self.target.lock().expect("no panic while it is held") = Some(address.to_owned());
    }
}

fn pipe(client: &TcpStream, server: &TcpStream) {
    for (from, to) in [(client, server), (server, client)] {
        let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Both);
        });
    }
}
