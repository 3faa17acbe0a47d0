//! MariaDB's messages: packets of a length (three bytes), a number that begins anew with each command, and the rest.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Break, State};

/// The commands that a server answers.
const COMMANDS: [(u8, &str); 4] = [(0x03, ""), (0x16, "prepare "), (0x17, "execute"), (0x1b, "set option")];

/// Another result follows.
const MORE_RESULTS: u16 = 8;

fn packet(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; 4];
    from.read_exact(&mut packet)?;
    let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]) as usize;
    packet.resize(4 + length, 0);
    from.read_exact(&mut packet[4..])?;
    Ok(packet)
}

/// From the client to the server.
pub(super) fn questions(
    state: &State,
    mut client: &TcpStream,
    mut server: &TcpStream,
    swallow: &AtomicBool,
) -> io::Result<()> {
    loop {
        let packet = packet(&mut client)?;
        // What belongs to the greeting has a higher number.
        let command = packet.get(4).filter(|_| packet[3] == 0);
        let known = COMMANDS.iter().find(|(code, _)| command == Some(code));
        if let Some((_, what)) = known {
            let text = String::from_utf8_lossy(&packet[5..]);
            let words: Vec<&str> = text.split_whitespace().take(7).collect();
            let words = if what.starts_with(['e', 's']) { String::new() } else { words.join(" ") };
            if let Some(how) = state.breaks_at(format!("{what}{words}")) {
                if how == Break::Behind {
                    swallow.store(true, Ordering::SeqCst);
                    server.write_all(&packet)?;
                }
                return Ok(());
            }
        }
        server.write_all(&packet)?;
    }
}

/// From the server to the client, until an answer is to be lost: that is read to its end, and the way breaks.
pub(super) fn answers(mut server: &TcpStream, mut client: &TcpStream, swallow: &AtomicBool) -> io::Result<()> {
    loop {
        let first = packet(&mut server)?;
        if !swallow.load(Ordering::SeqCst) {
            client.write_all(&first)?;
            continue;
        }
        if !another(&mut server, &first)? {
            return Ok(());
        }
    }
}

/// Reads the rest of a result that begins like this; whether another one follows it.
fn another(server: &mut impl Read, first: &[u8]) -> io::Result<bool> {
    let status = |packet: &[u8], at: usize| {
        packet.get(at..at + 2).map_or(0, |status| u16::from_le_bytes([status[0], status[1]])) & MORE_RESULTS != 0
    };
    match first.get(4) {
        // A prepared statement is 12 bytes that begin so too; nothing was carried out by it.
        Some(0) => {
            let mut at = 5;
            // Two numbers of one to nine bytes.
            for _ in 0..2 {
                at += match first.get(at) {
                    Some(0xfc) => 3,
                    Some(0xfd) => 4,
                    Some(0xfe) => 9,
                    _ => 1,
                };
            }
            Ok(status(first, at))
        }
        Some(0xff) | None => Ok(false),
        Some(0xfe) if first.len() < 13 => Ok(status(first, 7)),
        // Columns and rows, with a mark behind each.
        Some(_) => {
            let mut marks = 0;
            loop {
                let next = packet(server)?;
                match next.get(4) {
                    Some(0xff) => return Ok(false),
                    Some(0xfe) if next.len() < 13 => {
                        marks += 1;
                        if marks == 2 {
                            return Ok(status(&next, 7));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
