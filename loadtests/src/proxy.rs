//! A TCP proxy that can be cut: between the server and PostgreSQL it takes the database away without touching it. It runs
//! on a thread of its own, so that nobody who waits for the server holds it up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::Outcome;

/// A proxy that runs until it is dropped.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) host: String,
    cut: watch::Sender<bool>,
    refused: Arc<AtomicU64>,
}

impl Proxy {
    /// Passes everything on to `target`.
    pub(crate) fn start(target: String) -> Outcome<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let host = listener.local_addr()?.to_string();
        let (cut, watched) = watch::channel(false);
        let refused = Arc::new(AtomicU64::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let counted = refused.clone();
        thread::Builder::new().name("proxy".to_owned()).spawn(move || {
            runtime.block_on(async {
                let mut ended = watched.clone();
                tokio::select! {
                    () = accept(listener, target, watched, &counted) => {}
                    // An error: the proxy was dropped.
                    _ = async { while ended.changed().await.is_ok() {} } => {}
                }
            });
        })?;
        Ok(Self { host, cut, refused })
    }

    /// Ends every connection and refuses new ones, until [`Proxy::mend`].
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Passes on again.
    pub(crate) fn mend(&self) {
        self.cut.send_replace(false);
    }

    /// Connections refused so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

async fn accept(listener: std::net::TcpListener, target: String, cut: watch::Receiver<bool>, refused: &AtomicU64) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    while let Ok((client, _)) = listener.accept().await {
        if *cut.borrow() {
            refused.fetch_add(1, Ordering::Relaxed);
            // Dropped: to the client a connection that ends before it began.
            continue;
        }
        tokio::spawn(pass(client, target.clone(), cut.clone()));
    }
}

/// What either side loses by an early end is the point of this proxy.
async fn pass(mut client: TcpStream, target: String, mut cut: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    fn echo(listener: &TcpListener) {
        while let Ok((mut stream, _)) = listener.accept() {
            thread::spawn(move || {
                let mut byte = [0];
                while stream.read_exact(&mut byte).is_ok() && stream.write_all(&byte).is_ok() {}
            });
        }
    }

    fn answers(stream: &mut TcpStream) -> bool {
        let mut byte = [0];
        stream.write_all(b"x").is_ok() && stream.read_exact(&mut byte).is_ok()
    }

    #[test]
    fn a_cut_ends_what_is_open_and_refuses_what_is_new_until_it_is_mended() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap().to_string()).unwrap();
        thread::spawn(move || echo(&listener));
        let mut before = TcpStream::connect(&proxy.host).unwrap();
        assert!(answers(&mut before));
        proxy.cut();
        assert!(!answers(&mut before));
        let mut during = TcpStream::connect(&proxy.host).unwrap();
        assert!(!answers(&mut during));
        assert_eq!(proxy.refused(), 1);
        proxy.mend();
        let mut after = TcpStream::connect(&proxy.host).unwrap();
        assert!(answers(&mut after) && !answers(&mut before));
    }
}
