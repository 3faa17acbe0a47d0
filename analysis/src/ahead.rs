//! Reading files while those before them are still being folded: the fold goes one after the other, reading need not.

use std::sync::mpsc;
use std::thread;

/// So many bytes are read sooner than a thread is made.
const WORTH_A_THREAD: usize = 16 * 1024;

/// How many files may have been read and not yet used: bounds the memory.
const LEAD: usize = 64;

/// Nesting is bounded, and an unoptimised build needs this much of a stack for it.
const STACK: usize = 16 * 1024 * 1024;

/// Hands `work` a function that answers each of these (files, or what goes with one), read, in their order; it has to be
/// called once for each. `bytes` is how much there is to read in all.
pub(crate) fn read_ahead<F: Copy + Send + Sync, T: Send, A>(
    files: &[F],
    bytes: usize,
    read: impl Fn(F) -> T + Sync,
    work: impl FnOnce(&mut dyn FnMut(F) -> T) -> A,
) -> A {
    if bytes < WORTH_A_THREAD || thread::available_parallelism().is_ok_and(|n| n.get() == 1) {
        return work(&mut |file| read(file));
    }
    let read = &read;
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(LEAD);
        let reader = move || {
            for file in files {
                if sender.send(read(*file)).is_err() {
                    return;
                }
            }
        };
        // Where no thread can be had, the sender goes with the closure, and every answer is read here.
        let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, reader);
        work(&mut |file| receiver.recv().unwrap_or_else(|_| read(file)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sources;
    use crate::sources::SourceFile;

    #[test]
    fn files_come_in_their_order_however_many() {
        for size in [1, 1000] {
            let texts: Vec<_> =
                (0..200).map(|n| (format!("{n:03}.sql"), format!("{n} {}", "x".repeat(size)))).collect();
            let sources = Sources::from_texts(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
            let files: Vec<&SourceFile> = sources.files.iter().collect();
            let seen = read_ahead(
                &files,
                200 * size,
                |file| file.text.len(),
                |next| files.iter().map(|file| (next(file), file.text.len())).collect::<Vec<_>>(),
            );
            assert_eq!(seen.len(), 200);
            assert!(seen.iter().all(|(read, own)| read == own));
        }
    }

    #[test]
    fn what_stops_early_does_not_wait() {
        let texts: Vec<_> = (0..200).map(|n| (format!("{n:03}.sql"), "x".repeat(1000))).collect();
        let sources = Sources::from_texts(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let files: Vec<&SourceFile> = sources.files.iter().collect();
        assert_eq!(read_ahead(&files, 200_000, |file| file.text.len(), |next| next(files[0])), 1000);
    }
}
