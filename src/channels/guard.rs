//! Pictures from addresses that strangers wrote: whoever sends a mail chooses them, so they may name anything, our own network too
//! (security.md, 3 and 6 to 9).
//!
//! Every address that is connected to is checked, and it is the one that was looked up: a name that answers differently a moment later
//! gains nothing. Redirects are followed here, each checked as the first one was. The other side learns that somebody looked, nothing else:
//! no cookies, no referrer, no language, and the agent's browser has no part in it.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, LOCATION},
    redirect::Policy,
};
use thiserror::Error;
use tokio::sync::Semaphore;
use url::Host;

use super::email::post::net::Reach;

/// The largest picture.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// From the first name to the last byte.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often one is sent on.
const MAX_HOPS: usize = 4;
/// Pictures under way at once; each may hold [`MAX_BYTES`].
const AT_ONCE: usize = 16;
/// What browsers say who load a picture; the same for everybody.
const USER_AGENT: &str = "Mozilla/5.0";
/// What is a picture; nothing that runs (SVG does).
const PICTURES: [&str; 7] =
    ["image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif", "image/vnd.microsoft.icon"];

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoPicture {
    /// Its address leads to where nobody may look, or is none.
    #[error("the address may not be reached")]
    Forbidden,
    /// Nothing came, or not in time.
    #[error("nothing came")]
    Unreachable,
    /// More than 8 MiB.
    #[error("it is too large")]
    TooLarge,
    /// What came is no picture.
    #[error("it is no picture")]
    NotAPicture,
    /// Too many are under way.
    #[error("too many are under way")]
    Busy,
}

/// A picture, by its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Found in the bytes.
    pub media_type: &'static str,
    /// All of it.
    pub bytes: Bytes,
}

/// Which addresses count, and where names are looked up.
struct Names {
    reach: Reach,
    /// Of the tests: one address that counts as public, and names.
    #[cfg(test)]
    open: Option<IpAddr>,
    #[cfg(test)]
    known: std::collections::HashMap<String, Vec<IpAddr>>,
    #[cfg(test)]
    asked: std::sync::atomic::AtomicUsize,
}

impl Names {
    fn allows(&self, address: IpAddr) -> bool {
        #[cfg(test)]
        if self.open == Some(address) {
            return true;
        }
        self.reach.allows(address)
    }

    #[cfg(not(test))]
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }

    #[cfg(test)]
    #[allow(clippy::unused_async, reason = "as outside the tests")]
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(self.known.get(name).into_iter().flatten().map(|address| (*address, 0).into()).collect())
    }
}

/// What the client connects to: reqwest asks once for each connection and goes nowhere else.
struct Checked(Arc<Names>);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let names = Arc::clone(&self.0);
        Box::pin(async move {
            let found = names.lookup(name.as_str()).await?;
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| names.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(NoPicture::Forbidden.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Fetches pictures. One for the whole process.
pub struct Pictures {
    client: Client,
    names: Arc<Names>,
    turns: Semaphore,
}

impl Pictures {
    /// From public addresses only.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn public() -> Result<Self, reqwest::Error> {
        Self::over(Names {
            reach: Reach::Public,
            #[cfg(test)]
            open: None,
            #[cfg(test)]
            known: std::collections::HashMap::new(),
            #[cfg(test)]
            asked: std::sync::atomic::AtomicUsize::new(0),
        })
    }

    fn over(names: Names) -> Result<Self, reqwest::Error> {
        let names = Arc::new(names);
        let client = Client::builder()
            .no_proxy()
            .referer(false)
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .pool_max_idle_per_host(0)
            .timeout(PATIENCE)
            .dns_resolver(Checked(Arc::clone(&names)))
            .build()?;
        Ok(Self { client, names, turns: Semaphore::new(AT_ONCE) })
    }

    /// The picture at this address.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn fetch(&self, address: &str) -> Result<Picture, NoPicture> {
        let whole = async {
            let _turn = self.turns.acquire().await.map_err(|_| NoPicture::Busy)?;
            let response = self.follow(address).await?;
            read(response).await
        };
        tokio::time::timeout(PATIENCE, whole).await.unwrap_or(Err(NoPicture::Unreachable))
    }

    async fn follow(&self, address: &str) -> Result<Response, NoPicture> {
        let mut url = Url::parse(address).map_err(|_| NoPicture::Forbidden)?;
        for _ in 0..MAX_HOPS {
            self.check(&mut url)?;
            let accepted = "image/webp,image/png,image/jpeg,image/gif,image/*;q=0.5";
            let sent = self.client.get(url.clone()).header(ACCEPT, accepted).send().await;
            let response =
                sent.map_err(|error| if is_forbidden(&error) { NoPicture::Forbidden } else { NoPicture::Unreachable })?;
            if !response.status().is_redirection() {
                return if response.status().is_success() { Ok(response) } else { Err(NoPicture::Unreachable) };
            }
            let next = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).ok_or(NoPicture::Unreachable)?;
            url = url.join(next).map_err(|_| NoPicture::Forbidden)?;
        }
        Err(NoPicture::Unreachable)
    }

    /// Addresses written as numbers are never looked up, so they are judged here; names by [`Checked`].
    fn check(&self, url: &mut Url) -> Result<(), NoPicture> {
        let allowed = match url.host() {
            Some(Host::Domain(_)) => true,
            Some(Host::Ipv4(address)) => self.names.allows(address.into()),
            Some(Host::Ipv6(address)) => self.names.allows(address.into()),
            None => false,
        };
        if !allowed || !matches!(url.scheme(), "http" | "https") {
            return Err(NoPicture::Forbidden);
        }
        // Nobody logs in to look at a picture.
        url.set_username("").map_err(|()| NoPicture::Forbidden)?;
        url.set_password(None).map_err(|()| NoPicture::Forbidden)
    }
}

fn is_forbidden(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.downcast_ref::<NoPicture>() == Some(&NoPicture::Forbidden) {
            return true;
        }
        cause = one.source();
    }
    false
}

async fn read(mut response: Response) -> Result<Picture, NoPicture> {
    if response.content_length().is_some_and(|length| length > MAX_BYTES as u64) {
        return Err(NoPicture::TooLarge);
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| NoPicture::Unreachable)? {
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(NoPicture::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    let media_type = infer::get(&bytes).map(|kind| kind.mime_type()).unwrap_or_default();
    let media_type = PICTURES.into_iter().find(|known| *known == media_type).ok_or(NoPicture::NotAPicture)?;
    Ok(Picture { media_type, bytes: bytes.freeze() })
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const OUTSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1));
    const INSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));

    /// A server that answers every request alike and keeps what it was asked.
    struct Server {
        port: u16,
        asked: Arc<parking_lot::Mutex<Vec<String>>>,
    }

    impl Server {
        async fn on(address: IpAddr, port: u16, answer: Vec<u8>) -> Self {
            let listener = TcpListener::bind((address, port)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let asked = Arc::new(parking_lot::Mutex::new(Vec::new()));
            let heard = Arc::clone(&asked);
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let (mut request, mut piece) = (Vec::new(), [0; 1024]);
                    while !request.ends_with(b"\r\n\r\n") {
                        match stream.read(&mut piece).await {
                            Ok(read) if read > 0 => request.extend_from_slice(&piece[..read]),
                            _ => break,
                        }
                    }
                    heard.lock().push(String::from_utf8_lossy(&request).into_owned());
                    let _ = stream.write_all(&answer).await;
                }
            });
            Self { port, asked }
        }

        fn asked(&self) -> Vec<String> {
            self.asked.lock().clone()
        }
    }

    fn answer(status: &str, header: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 {status}\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    }

    fn pictures(known: &[(&str, &[IpAddr])]) -> Pictures {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let known: HashMap<_, _> = known.iter().map(|(name, addresses)| ((*name).to_owned(), addresses.to_vec())).collect();
        Pictures::over(Names { reach: Reach::Public, open: Some(OUTSIDE), known, asked: AtomicUsize::new(0) }).unwrap()
    }

    #[tokio::test]
    async fn a_picture_comes_by_its_bytes_and_the_other_side_learns_nothing() {
        let server = Server::on(OUTSIDE, 0, answer("200 OK", "Content-Type: text/html\r\nSet-Cookie: a=b\r\n", PNG)).await;
        let pictures = pictures(&[("t.example", &[OUTSIDE])]);
        let address = format!("http://user:secret@t.example:{}/1.gif?who=ana", server.port);
        for _ in 0..2 {
            let found = pictures.fetch(&address).await.unwrap();
            assert_eq!((found.media_type, found.bytes.as_ref()), ("image/png", PNG));
        }
        assert_eq!(pictures.names.asked.load(Ordering::Relaxed), 2, "one look-up for each request");
        for request in server.asked() {
            let lines: Vec<String> = request.lines().map(str::to_ascii_lowercase).collect();
            assert_eq!(lines[0], "get /1.gif?who=ana http/1.1");
            let names: Vec<_> = lines[1..].iter().filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
            assert_eq!(names, ["accept", "user-agent", "host"], "{request}");
        }
    }

    #[tokio::test]
    async fn nothing_inside_is_reached_by_any_spelling_name_or_redirect() {
        let inside = Server::on(INSIDE, 0, answer("200 OK", "", PNG)).await;
        let port = inside.port;
        let names: [(&str, &[IpAddr]); 2] = [("inside.example", &[INSIDE]), ("mixed.example", &[INSIDE, OUTSIDE])];
        let pictures = pictures(&names);
        for host in [
            "127.0.0.2",
            "2130706434",
            "0x7f000002",
            "0177.0.0.2",
            "127.2",
            "127.0.0.2.",
            "[::ffff:127.0.0.2]",
            "[::1]",
            "[64:ff9b::7f00:2]",
            "0.0.0.0",
            "169.254.169.254",
            "10.0.0.1",
            "１２７.0.0.2",
            "inside.example",
            "inside.example.",
            "INSIDE.example",
            "nowhere.example",
            "localhost",
        ] {
            let found = pictures.fetch(&format!("http://{host}:{port}/x.png")).await;
            assert_eq!(found, Err(NoPicture::Forbidden), "{host}");
        }
        for address in
            ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://t.example/x.png", "data:image/png;base64,AA", "//x", ""]
        {
            assert_eq!(pictures.fetch(address).await, Err(NoPicture::Forbidden), "{address}");
        }
        // Of a name with several addresses only those outside count.
        assert_eq!(pictures.fetch(&format!("http://mixed.example:{port}/")).await, Err(NoPicture::Unreachable));
        for location in [
            format!("http://127.0.0.2:{port}/"),
            format!("http://inside.example:{port}/"),
            format!("//127.0.0.2:{port}/"),
            "file:///etc/passwd".to_owned(),
            "gopher://127.0.0.2/".to_owned(),
        ] {
            let outside = Server::on(OUTSIDE, 0, answer("302 Found", &format!("Location: {location}\r\n"), b"")).await;
            let found = pictures.fetch(&format!("http://127.0.0.1:{}/", outside.port)).await;
            assert_eq!(found, Err(NoPicture::Forbidden), "{location}");
            assert_eq!(outside.asked().len(), 1);
        }
        assert_eq!(inside.asked(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn redirects_end_and_only_pictures_of_a_size_come_back() {
        let pictures = pictures(&[]);
        let round = Server::on(OUTSIDE, 0, answer("302 Found", "Location: /again\r\n", b"")).await;
        assert_eq!(pictures.fetch(&format!("http://127.0.0.1:{}/", round.port)).await, Err(NoPicture::Unreachable));
        assert_eq!(round.asked().len(), MAX_HOPS);
        let huge = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\x89PNG\r\n\x1a\n".to_vec();
        let huge = [huge, vec![0; MAX_BYTES]].concat();
        for (given, expected) in [
            (answer("200 OK", "Content-Type: image/svg+xml\r\n", b"<svg onload='alert(1)'/>"), NoPicture::NotAPicture),
            (answer("200 OK", "Content-Type: image/png\r\n", b"<!doctype html><script>1</script>"), NoPicture::NotAPicture),
            (answer("404 Not Found", "", PNG), NoPicture::Unreachable),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n".to_vec(), NoPicture::TooLarge),
            (huge, NoPicture::TooLarge),
            (b"nonsense".to_vec(), NoPicture::Unreachable),
        ] {
            let server = Server::on(OUTSIDE, 0, given).await;
            let found = pictures.fetch(&format!("http://127.0.0.1:{}/", server.port)).await;
            assert_eq!(found, Err(expected));
        }
    }
}
